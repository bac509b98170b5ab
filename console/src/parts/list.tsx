import { useSignal } from '@preact/signals';
import type { TadaDocumentNode } from 'gql.tada';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { go, parameters, withParameters } from '../route.ts';
import { texts } from '../texts/work.ts';
import { useAsk } from './ask.ts';
import { Loaded } from './state.tsx';

interface Connection<Node> {
  nodes: readonly Node[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** List is a table that is asked for page by page, with what to say where it is empty, and where no row matches. */
export function List<Data, Variables, Node>({ title, tools, document, variables, of, head, row, none, wanted, round }: {
  title: string;
  /** What stands beside the title. */
  tools?: ComponentChildren;
  document: TadaDocumentNode<Data, Variables & { after: string | null }>;
  variables: Variables;
  of: (data: Data) => Connection<Node> | null | undefined;
  head: string[];
  /** The cells of a row. */
  row: (node: Node) => ComponentChildren[];
  none: ComponentChildren;
  /** Whether the rows are only some of all there are; without these there are none. */
  wanted?: boolean;
  /** It is asked for anew with each. */
  round?: number;
}) {
  const t = texts.value;
  const id = useId();
  const key = JSON.stringify([variables, round]);
  const first = { key, after: null as string | null, before: [] as Node[], seen: undefined as Data | undefined };
  const turned = useSignal(first);
  const { after, before, seen } = turned.value.key === key ? turned.value : first;
  const asked = useAsk(document, { ...variables, after }, round);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>
        {title} {asked.data.value && <small>{of(asked.data.value)?.totalCount}</small>}
        {tools && <span class="end">{tools}</span>}
      </h2>
      <Loaded of={asked} rows={5}>
        {(data) => {
          const found = of(data);
          const rows = data === seen ? before : [...before, ...(found?.nodes ?? [])];
          if (!rows.length) {
            return (
              <div class="empty">
                {wanted ? (
                  <p>
                    {t.list.noMatch} <a href={withParameters({ status: null })}>{t.list.all}</a>
                  </p>
                ) : (
                  none
                )}
              </div>
            );
          }
          return (
            <>
              <Table title={title} head={head} rows={rows.map(row)} busy={asked.busy.value} />
              {found?.pageInfo.hasNextPage && (
                <button
                  type="button"
                  disabled={asked.busy.value}
                  onClick={() => (turned.value = { key, after: found.pageInfo.endCursor, before: rows, seen: data })}
                >
                  {t.list.more}
                </button>
              )}
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

/** Table is a list of two-line rows where there is no room for columns. */
export function Table({ title, head, rows, busy }: { title: string; head: string[]; rows: ComponentChildren[][]; busy?: boolean }) {
  return (
    <table class="rows" aria-busy={busy} aria-label={title}>
      <thead>
        <tr>
          {head.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells, place) => (
          <tr key={place}>
            {cells.map((cell, column) => (
              <td key={column} data-label={head[column]}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** StatusFilter has the one status that is looked for in the page's address. */
export function StatusFilter({ statuses }: { statuses: readonly (keyof typeof texts.value.states)[] }) {
  const t = texts.value;
  const chosen = wantedStatus(statuses);
  return (
    <select
      aria-label={t.list.status}
      value={chosen ?? ''}
      onChange={(event) => go(withParameters({ status: event.currentTarget.value }))}
    >
      <option value="" selected={!chosen}>
        {t.list.any}
      </option>
      {statuses.map((status) => (
        <option key={status} value={status} selected={status === chosen}>
          {t.states[status]}
        </option>
      ))}
    </select>
  );
}

/** wantedStatus is the one in the page's address; null: any. */
export const wantedStatus = <Status extends string>(statuses: readonly Status[]): Status | null =>
  statuses.find((status) => status === parameters.value.get('status')) ?? null;
