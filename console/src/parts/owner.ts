/** Whose callbacks they are: a project's, or those of all projects of an account. */
export interface Owner {
  kind: 'project' | 'account';
  /** The number, or the global id. */
  id: string;
}

/** As inputs of mutations name it (CallbackOwnerInput). */
export const ownerInput = ({ kind, id }: Owner) => (kind === 'project' ? { projectId: id } : { accountId: id });

/** Whose history and health it is. An SSO client's are of the notices to it. */
export type ListOwner = Owner | { kind: 'ssoClient'; id: string };

const roots = { project: 'getProject', account: 'getAccount', ssoClient: 'getSSOClient' };

/** The same of whoever has a history. */
export const listOwnerInput = (owner: ListOwner) => (owner.kind === 'ssoClient' ? { ssoClientId: owner.id } : ownerInput(owner));

/** of asks of an account or an SSO client what a document asks of a project: it is a text. */
export const of = <Document>(document: Document, { kind }: ListOwner): Document =>
  (document as unknown as string).replace('getProject', roots[kind]) as Document;
