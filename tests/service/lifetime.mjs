// A process that calls once, due again at once, and does nothing more: it has to end by itself.
// Words: the package, the port of the server.

const [service = "", port] = process.argv.slice(2);
const before = Reflect.ownKeys(globalThis).length;
const { createServiceTokens } = await import(service);
if (Reflect.ownKeys(globalThis).length !== before) throw new Error("importing touched a global");
const origin = `http://127.0.0.1:${port}`;
const tokens = createServiceTokens({
  issuer: origin,
  client: { id: "orders", auth: { method: "client_secret_basic", secret: "s" } },
  targets: { [origin]: {} },
  leeway: 60,
});
const answers = await Promise.all(Array.from({ length: 20 }, () => tokens.fetch(`${origin}/api`)));
console.log(answers.map(({ status }) => status).join());
await Promise.all(answers.map((answer) => answer.text()));
