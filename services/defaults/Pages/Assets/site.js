// Pages work without this: it adds the soft nudge and the share button.

const day = 24 * 60 * 60 * 1000;

function nudge(dialog) {
  const key = `nudge:${dialog.dataset.nudge}`;
  const last = () => {
    try { return Number(localStorage.getItem(key)); } catch { return 0; }
  };
  const remember = () => {
    try { localStorage.setItem(key, Date.now()); } catch { /* private mode: asked once per page */ }
  };
  if (Date.now() - last() < day) return;

  const stop = new AbortController();
  const open = () => {
    // Never take the focus from someone who is typing, nor cover another dialog.
    if (document.activeElement?.matches('input, textarea, select') || document.querySelector('dialog[open]')) return;
    stop.abort();
    clearTimeout(timer);
    if (Date.now() - last() < day) return; // another tab asked meanwhile
    remember();
    dialog.showModal();
  };
  const timer = setTimeout(open, 60_000);
  addEventListener('scroll', () => {
    const length = document.documentElement.scrollHeight - innerHeight;
    if (length > 0 && scrollY / length >= 0.5) open();
  }, { passive: true, signal: stop.signal });
  dialog.addEventListener('click', event => {
    if (event.target === dialog || event.target.closest('[data-dismiss]')) dialog.close();
  });
}

function share(button) {
  const url = document.querySelector('link[rel=canonical]')?.href ?? location.href;
  const said = button.nextElementSibling?.matches('[role=status]') ? button.nextElementSibling : null;
  const say = text => { if (said) said.textContent = text; };
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      if (navigator.share) {
        await navigator.share({ title: document.title, url });
      } else {
        await navigator.clipboard.writeText(url);
        say('Link copied');
      }
    } catch (error) {
      if (error.name !== 'AbortError') say(url);
    }
  });
}

document.querySelectorAll('dialog[data-nudge]').forEach(nudge);
document.querySelectorAll('button[data-share]').forEach(share);
