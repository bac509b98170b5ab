/** One thing that is wrong, with the field of the input that is the reason, where there is one. */
export interface Problem {
  code: string;
  message: string;
  field?: string;
}

/** What the server, or the way to it, said instead of an answer: all problems at once. */
export class Failure extends Error {
  constructor(
    readonly problems: Problem[],
    /** What the server's log has this request under. */
    readonly requestId?: string,
    /** Of CONFLICT: how what was to be changed is now. */
    readonly current?: Record<string, unknown>,
    /** Of RATE_LIMITED: when it may be done again. */
    readonly retryAt?: string,
  ) {
    super(problems.map((problem) => problem.message).join(' '));
  }

  /** The kind of the first problem; OFFLINE: no server answered. */
  get code(): string {
    return this.problems[0]?.code ?? 'INTERNAL_SERVER_ERROR';
  }

  /** The sentences about a field, and about what stands within it. */
  of(field: string): string {
    return this.problems
      .filter((problem) => problem.field === field || problem.field?.startsWith(`${field}.`))
      .map((problem) => problem.message)
      .join(' ');
  }
}

export interface ErrorLike {
  message: string;
  extensions?: Record<string, unknown>;
}

/** failureOf reads the errors of an answer. */
export function failureOf(errors: readonly ErrorLike[], requestId?: string | null): Failure {
  const extension = (name: string) => errors.find((error) => error.extensions?.[name])?.extensions?.[name];
  return new Failure(
    errors.map(({ message, extensions }) => ({
      code: String(extensions?.code ?? 'INTERNAL_SERVER_ERROR'),
      message,
      field: extensions?.field as string | undefined,
    })),
    (extension('requestId') as string | undefined) ?? requestId ?? undefined,
    extension('current') as Record<string, unknown> | undefined,
    extension('retryAt') as string | undefined,
  );
}

export const offline = () => new Failure([{ code: 'OFFLINE', message: '' }]);
