interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/**
 * The addresses of scripts under a Trusted Types policy of this name, where the browser has such
 * policies: only those that are ours pass. A page that demands them must allow the name, once.
 */
export function scriptTrust(
  name: string,
  isOurs: (url: string) => boolean,
): (url: string) => string {
  const createScriptURL = (url: string) => {
    if (!isOurs(url)) throw new TypeError(`${url} is no script of Tensorferry`);
    return url;
  };
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy(name, { createScriptURL });
  return policy ? (url) => policy.createScriptURL(url) : createScriptURL;
}
