/** As ids of persons are written. */
const PERSON_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The persons that are named in it, by fields such as `userId` or `invitedByUserId`, however deep. */
export function personIdsIn(content: unknown, found = new Set<string>()): Set<string> {
  if (typeof content !== 'object' || content === null) return found;
  for (const [name, inner] of Object.entries(content)) {
    if (typeof inner === 'string' && /userId$/i.test(name) && PERSON_ID.test(inner)) found.add(inner);
    else personIdsIn(inner, found);
  }
  return found;
}

/** As persons are looked for in what is written; undefined for what is no id of a person. */
export function asPersonId(text: string | undefined): string | undefined {
  const id = text?.toLowerCase();
  return id !== undefined && PERSON_ID.test(id) ? id : undefined;
}
