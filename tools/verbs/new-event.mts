import { Changes } from '../generators/changes.mts';
import { addEvent, constantOf, nameOf } from '../generators/event.mts';
import { kebab } from '../generators/names.mts';

/** `npm run new:event -- payments invoice paid`: defines `payments.invoice.paid.v1` as `InvoicePaid`. */
export async function main([service, noun, verb]: string[]): Promise<number> {
  const event = {
    service: kebab(service, 'The name of the service that owns the event'),
    noun: kebab(noun, 'The noun of the event (invoice)'),
    verb: kebab(verb, 'The past verb of the event (paid), or what is asked for (open-requested),'),
  };
  const changes = new Changes();
  addEvent(changes, event);
  for (const path of await changes.write()) console.log(`Written: ${path}`);
  console.log(`\nNow give ${nameOf(event)} the fields it needs, say it (outbox.add(tx, ${constantOf(event)}({ … }))) and hear it; \`npm run docs\`,
which publishes it, comes last: from then on it only gains optional fields. One that nobody hears on purpose is named by
EventUnroutable in deploy/prometheus/backbone.rules.yml.`);
  return 0;
}
