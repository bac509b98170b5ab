// The page's own, so that it is loaded once.
const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href;

/** Brand is the name, with its sign. */
export function Brand() {
  return (
    <>
      <img src={icon} alt="" width="20" height="20" />
      Ringback
    </>
  );
}
