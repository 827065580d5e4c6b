import { problems } from '@switchboard/contracts';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import formats from 'ajv-formats';
import type { OpenApiDocument, Operation } from './requests';
import type { Json } from './schema-values';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Undefined for a stream that was not read to its end. */
  readonly body: string | undefined;
}

/** Traces of code and queries, which are nobody's business. */
const INSIDE = /\bat [\w.<>]+ \(|node_modules|\bSELECT\b.+\bFROM\b|QueryFailedError|duplicate key value|relation "/;

/** Holds answers to what the document says of them. */
export class AnswerCheck {
  private readonly ajv: Ajv2020;
  private readonly compiled = new Map<string, ValidateFunction>();

  constructor(private readonly document: OpenApiDocument) {
    this.ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
    formats(this.ajv);
    this.ajv.addSchema({ $id: 'https://api.invalid/', components: document.components });
  }

  /** What is wrong with an answer, in sentences. */
  faults(operation: Operation, { status, headers, body }: Answer): string[] {
    const { responses } = operation;
    const described = this.resolve(responses[String(status)] ?? responses['default']!);
    const isDocumented = String(status) in responses;
    const content = (described['content'] ?? {}) as Record<string, { schema?: Json }>;
    const type = String(headers['content-type'] ?? '').split(';')[0]!;
    const faults: string[] = [];
    if (status >= 500 && !isDocumented) faults.push(`answers ${status}`);
    if (!headers['x-request-id']) faults.push('has no X-Request-Id');
    if (body !== undefined && INSIDE.test(body)) faults.push('shows what is inside');
    if (status >= 400) return [...faults, ...this.problemFaults(status, type, body)];
    if (!isDocumented) return [...faults, `${status} is not in the document`];
    const names = Object.keys(content);
    if (names.length === 0) return body ? [...faults, 'has a body that the document does not know'] : faults;
    // What a file is can be told by its bytes alone.
    const schema = content[type]?.schema;
    if (!schema)
      return names.some((name) => content[name]!.schema) ? [...faults, `is ${type}, not ${names.join()}`] : faults;
    if (body === undefined || type !== 'application/json') return faults;
    return [...faults, ...this.schemaFaults(`${operation.operationId} ${status}`, schema, body)];
  }

  private problemFaults(status: number, type: string, body = ''): string[] {
    if (type !== 'application/problem+json') return [`${status} is ${type || 'nothing'} and no problem document`];
    const faults = this.schemaFaults('Problem', { $ref: '#/components/schemas/Problem' }, body);
    if (faults.length > 0) return faults;
    const { code, status: said, type: page } = JSON.parse(body) as { code: string; status: number; type: string };
    const known = problems.get(code);
    return [
      ...(known ? [] : [`the problem ${code} is not in the contracts`]),
      ...(known && known.status !== status ? [`${code} is a ${known.status}, not ${status}`] : []),
      ...(said === status ? [] : [`says ${said} and is ${status}`]),
      ...(page === `/problems/${code}` ? [] : [`its type is ${page}`]),
    ];
  }

  /** Of codes that an operation names for a status, beside those every route shares. */
  codeFaults(operation: Operation, { status, body }: Answer): string[] {
    if (status < 400 || !body) return [];
    const { code } = JSON.parse(body) as { code: string };
    const isOwn = problems.get(code)?.routes.some(({ id }) => id === operation.operationId);
    return isOwn || problems.get(code)?.routes.length === 0 ? [] : [`does not name the problem ${code}`];
  }

  private schemaFaults(key: string, schema: Json, body: string): string[] {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return ['is no JSON'];
    }
    const validate = this.compiled.get(key) ?? this.ajv.compile(absolute(schema) as object);
    this.compiled.set(key, validate);
    if (validate(value)) return [];
    return validate.errors!.slice(0, 3).map(({ instancePath, message }) => `${instancePath || 'the body'} ${message}`);
  }

  private resolve(response: Json): Json {
    const reference = response['$ref'];
    return typeof reference === 'string' ? this.document.components.responses[reference.split('/').at(-1)!]! : response;
  }
}

/** With references to the components of the document. */
const absolute = (schema: Json): unknown =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"https://api.invalid/#/components/'));
