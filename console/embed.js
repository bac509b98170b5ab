// <ringback-callbacks project="123"> shows a project's callbacks within another page:
//
//   <script src="https://ringback.example.com/console/embed.js" defer></script>
//   <ringback-callbacks project="123"></ringback-callbacks>
//   <script type="module">
//     document.querySelector('ringback-callbacks').token = await tokenFromMyServer();
//   </script>
//
// It is a frame of /console/embed with the messages that go to and from it; a page that wants no element sends them by
// itself. The token is handed over by message, to the frame's origin alone, and stands in no address.
(() => {
  if (customElements.get('ringback-callbacks')) return; // a page may have this script twice
  if (!document.currentScript) throw new Error('embed.js: load it by <script src>, not as a module and not by import');
  const base = new URL('.', document.currentScript.src);
  const colors = ['bg', 'panel', 'line', 'edge', 'ink', 'soft', 'accent', 'on-accent', 'accent-soft', 'ok', 'ok-soft', 'bad', 'bad-soft',
    'wait', 'wait-soft', 'code', 'mono', 'font'];
  const looks = new CSSStyleSheet();
  looks.replaceSync(':host { display: block } :host([hidden]) { display: none }');

  class RingbackCallbacks extends HTMLElement {
    static observedAttributes = ['project', 'account'];
    #frame = document.createElement('iframe');
    #ready = false;
    #token;

    /** A token of createPortalSession, or of another session. Set it anew when the event ringback-expired comes. */
    set token(token) {
      this.#token = token;
      this.#send({ type: 'ringback:token', token });
    }

    /** Reads --ringback-accent and the others from the element's style; call it when they have changed. */
    theme() {
      const style = getComputedStyle(this);
      const variables = {};
      for (const name of colors) {
        const value = style.getPropertyValue(`--ringback-${name}`).trim();
        if (value) variables[name] = value;
      }
      this.#send({ type: 'ringback:theme', scheme: style.colorScheme, variables });
    }

    connectedCallback() {
      if (Object.hasOwn(this, 'token')) {
        const { token } = this; // set before this script had run
        delete this.token;
        this.token = token;
      }
      this.#frame.title = this.getAttribute('label') || 'Callbacks';
      this.#frame.allow = 'clipboard-write';
      this.#frame.style.cssText = 'display: block; width: 100%; height: 300px; border: 0; color-scheme: inherit';
      addEventListener('message', this.#hear);
      this.#open();
      const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
      root.adoptedStyleSheets = [looks];
      root.replaceChildren(this.#frame);
    }

    disconnectedCallback() {
      this.#ready = false;
      removeEventListener('message', this.#hear);
    }

    attributeChangedCallback() {
      if (this.isConnected) this.#open();
    }

    #open() {
      const [kind, id] = this.hasAttribute('account') ? ['accounts', this.getAttribute('account')] : ['projects', this.getAttribute('project') ?? ''];
      const address = new URL(`embed/${kind}/${encodeURIComponent(id)}`, base).href;
      if (this.#frame.src === address) return;
      this.#ready = false;
      this.#frame.src = address;
    }

    #send(message) {
      if (this.#ready) this.#frame.contentWindow.postMessage(message, base.origin);
    }

    #hear = ({ origin, source, data }) => {
      if (origin !== base.origin || source !== this.#frame.contentWindow) return;
      if (data.type === 'ringback:ready') {
        this.#ready = true;
        this.theme();
        if (this.#token !== undefined) this.token = this.#token;
      }
      if (data.type === 'ringback:height') this.#frame.style.height = `${data.height}px`;
      if (data.type === 'ringback:expired') this.dispatchEvent(new CustomEvent('ringback-expired'));
    };
  }

  customElements.define('ringback-callbacks', RingbackCallbacks);
})();
