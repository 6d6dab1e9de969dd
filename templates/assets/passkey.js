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

// Written by hand, because some password managers answer with a credential without `toJSON`.
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

const get = async (json, how) => {
  const credential = await navigator.credentials.get({ publicKey: request(json), ...how });
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
const offers = "offer" in form.dataset;
let asking = false;
let offer;

const options = () => {
  // The server sends null for what it leaves open, but browsers refuse null as a value.
  const all = JSON.parse(form.dataset.options, (_, value) => value ?? undefined);
  return all.publicKey ?? all;
};

const ask = async () => {
  if (asking) return;
  asking = true;
  // A browser handles only one passkey request at a time.
  offer?.abort();
  show("failure", false);
  show("start", true);
  try {
    field("credential").value = await (creates ? create(options()) : get(options()));
    answered();
  } catch (error) {
    fail(error);
    if (offers) offerInField();
  } finally {
    asking = false;
  }
};

// Offers the passkey in the browser's suggestions for the user ID, as long as the page is open.
const offerInField = async () => {
  if (!(await globalThis.PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  offer = new AbortController();
  try {
    const how = { mediation: "conditional", signal: offer.signal };
    field("credential").value = await get(options(), how);
    answered();
  } catch {
    // The person did not use it.
  }
};

const answered = () => {
  if (!creates) {
    if (offers) field("remember").disabled = !document.querySelector("#remember")?.checked;
    form.requestSubmit();
    return;
  }
  show("introduction", false);
  show("start", false);
  show("rest", true);
  show("finish", true);
  field("name").focus();
};

const able = Boolean(globalThis.PublicKeyCredential);
show("needs-scripts", false);
show("controls", able || !offers);
show("retry", true);
part("start")?.addEventListener("click", ask);
part("retry").addEventListener("click", ask);
if (offers) {
  if (able) offerInField();
} else if (part("start")) {
  if (!able) fail();
  else if (!part("failure").hidden) show("start", false);
}
