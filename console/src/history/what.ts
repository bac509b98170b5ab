import type { Row } from './data.ts';

/** What a callback tells of, as an id that can be searched for. */
export const what = (row: Row): string => row.reportDownload?.reportId ?? row.crawl?.rawID ?? row.job?.uuid ?? row.run?.uid ?? '–';
