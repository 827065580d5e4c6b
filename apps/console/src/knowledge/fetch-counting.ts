/**
 * `fetch` that says how much of the body has been sent, which `fetch` itself does not tell.
 *
 * @param onSent the share, 0 to 1
 */
export const fetchCounting =
  (onSent: (share: number) => void): typeof fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const body = await request.blob();
    return new Promise((resolve, reject) => {
      const sending = new XMLHttpRequest();
      sending.open(request.method, request.url);
      sending.responseType = 'blob';
      for (const [name, value] of request.headers) sending.setRequestHeader(name, value);
      sending.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0);
      sending.onerror = () => reject(new TypeError('Failed to fetch'));
      sending.onabort = () => reject(request.signal.reason as Error);
      sending.onload = () => {
        const { status, statusText } = sending;
        const headers = sending
          .getAllResponseHeaders()
          .trim()
          .split(/[\r\n]+/);
        resolve(
          new Response(status === 204 ? null : (sending.response as Blob), {
            ...{ status, statusText },
            headers: headers.filter(Boolean).map((line): [string, string] => {
              const at = line.indexOf(':');
              return [line.slice(0, at), line.slice(at + 1).trim()];
            }),
          }),
        );
      };
      request.signal.addEventListener('abort', () => sending.abort());
      sending.send(body);
    });
  };
