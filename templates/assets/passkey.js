// 生体認証: asks the device for a passkey and puts its answer into the form.

const part = (name) => document.querySelector(`[data-passkey="${name}"]`);
const show = (name, shown) => {
  const element = part(name);
  if (element) element.hidden = !shown;
};

const toBytes = (text) => {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
};

const toText = (buffer) => {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
  return btoa(letters.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const withBytes = (credentials) => credentials?.map((one) => ({ ...one, id: toBytes(one.id) }));

const creation = (json) =>
  globalThis.PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: toBytes(json.challenge),
    user: { ...json.user, id: toBytes(json.user.id) },
    excludeCredentials: withBytes(json.excludeCredentials),
  };

const request = (json) =>
  globalThis.PublicKeyCredential.parseRequestOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: toBytes(json.challenge),
    allowCredentials: withBytes(json.allowCredentials),
  };

// By hand, since some password managers answer with a credential that lacks `toJSON`.
const encoded = (credential, response) =>
  JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    extensions: {},
    response: { clientDataJSON: toText(credential.response.clientDataJSON), ...response },
  });

const create = async (json) => {
  const credential = await navigator.credentials.create({ publicKey: creation(json) });
  const { response } = credential;
  return encoded(credential, {
    attestationObject: toText(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
};

const get = async (json) => {
  const credential = await navigator.credentials.get({ publicKey: request(json) });
  const { response } = credential;
  return encoded(credential, {
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    userHandle: response.userHandle ? toText(response.userHandle) : null,
  });
};

const fail = (error) => {
  const known = error?.name === "InvalidStateError";
  show("known", known);
  show("causes", !known);
  show("failure", true);
  show("start", false);
  part("failure").focus();
};

const form = part("create") ?? part("get");
const field = (name) => form.querySelector(`[name=${name}]`);
const creates = form.dataset.passkey === "create";
let asking = false;

const ask = async () => {
  if (asking) return;
  asking = true;
  show("failure", false);
  show("start", true);
  try {
    // What the server leaves open comes as null, which the browser takes for a wrong value.
    const options = JSON.parse(form.dataset.options, (_, value) => value ?? undefined);
    const json = options.publicKey ?? options;
    field("credential").value = await (creates ? create(json) : get(json));
    answered();
  } catch (error) {
    fail(error);
  } finally {
    asking = false;
  }
};

const answered = () => {
  if (!creates) {
    form.requestSubmit();
    return;
  }
  show("introduction", false);
  show("start", false);
  show("rest", true);
  show("finish", true);
  field("name").focus();
};

show("needs-scripts", false);
show("controls", true);
show("retry", true);
part("start")?.addEventListener("click", ask);
part("retry").addEventListener("click", ask);
if (part("start")) {
  if (!globalThis.PublicKeyCredential) fail();
  else if (!part("failure").hidden) show("start", false);
}
