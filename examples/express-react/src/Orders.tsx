import { useEffect, useState } from "react";
import { keep } from "./keep.ts";

interface Order {
  id: number;
  item: string;
}

export function Orders() {
  const [orders, setOrders] = useState<readonly Order[]>([]);
  const [trouble, setTrouble] = useState("");
  const [round, setRound] = useState(0);

  useEffect(() => {
    const left = new AbortController();
    load(left.signal).then(
      (loaded) => {
        setOrders(loaded);
        setTrouble("");
      },
      (error: Error) => {
        if (!left.signal.aborted) setTrouble(`The orders can't be loaded: ${error.message}`);
      },
    );
    return () => left.abort();
  }, [round]);

  return (
    <section>
      <h1>Your orders</h1>
      <ul>
        {orders.map(({ id, item }) => (
          <li key={id}>{item}</li>
        ))}
      </ul>
      <button type="button" onClick={() => setRound(round + 1)}>
        Load again
      </button>
      <p role="alert">{trouble}</p>
    </section>
  );
}

/** `keep.fetch` brings the access token, and renews it when the API refuses it. */
async function load(signal: AbortSignal): Promise<readonly Order[]> {
  const reply = await keep.fetch("/api/orders", { signal });
  if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
  return reply.json();
}
