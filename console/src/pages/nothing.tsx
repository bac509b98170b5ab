import { texts } from '../texts/texts.ts';

/** Nothing is at an address that is none of the console's. */
export function Nothing() {
  const t = texts.value.nothing;
  return (
    <section class="empty">
      <h1>{t.title}</h1>
      <p>
        <a href="/console">{t.back}</a>
      </p>
    </section>
  );
}
