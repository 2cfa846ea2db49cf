// Runs in the page: common HTTP clients with `keep.fetch` as their fetch, behind one interface.

import axios from "axios";
import ky from "ky";
import createClient from "openapi-fetch";

export interface Answer {
  readonly status: number;
  readonly data: unknown;
}

export interface Client {
  get(path: string, signal?: AbortSignal): Promise<Answer>;
  /** Sends JSON. */
  post(path: string, body: object, signal?: AbortSignal): Promise<Answer>;
  /** Sends a form with a file in it. */
  upload(path: string, form: FormData): Promise<Answer>;
}

interface Paths {
  readonly [path: string]: {
    get: { responses: { 200: { content: { "application/json": unknown } } } };
    post: {
      requestBody: { content: { "application/json": object } };
      responses: { 200: { content: { "application/json": unknown } } };
    };
  };
}

const clients: Record<string, (api: string) => Client> = {
  ky(api) {
    const instance = ky.create({ prefixUrl: api, fetch: keep.fetch, throwHttpErrors: false });
    const read = async (response: Response) => ({
      status: response.status,
      data: await response.json(),
    });
    const under = (path: string) => path.slice(1);
    return {
      get: async (path, signal) => read(await instance.get(under(path), signal ? { signal } : {})),
      post: async (path, json, signal) =>
        read(await instance.post(under(path), { json, ...(signal ? { signal } : {}) })),
      upload: async (path, body) => read(await instance.post(under(path), { body })),
    };
  },

  "openapi-fetch"(api) {
    const client = createClient<Paths>({ baseUrl: api, fetch: (request) => keep.fetch(request) });
    const read = ({
      response,
      data,
      error,
    }: {
      response: Response;
      data?: unknown;
      error?: unknown;
    }) => ({
      status: response.status,
      data: data ?? error,
    });
    const asItIs = (form: unknown) => form as FormData;
    return {
      get: async (path, signal) => read(await client.GET(path, signal ? { signal } : {})),
      post: async (path, body, signal) =>
        read(await client.POST(path, { body, ...(signal ? { signal } : {}) })),
      upload: async (path, body) => read(await client.POST(path, { body, bodySerializer: asItIs })),
    };
  },

  axios(api) {
    const instance = axios.create({
      baseURL: api,
      adapter: "fetch",
      env: { fetch: keep.fetch },
      validateStatus: () => true,
    });
    const read = ({ status, data }: { status: number; data: unknown }) => ({ status, data });
    return {
      get: async (path, signal) => read(await instance.get(path, signal ? { signal } : {})),
      post: async (path, body, signal) =>
        read(await instance.post(path, body, signal ? { signal } : {})),
      upload: async (path, form) => read(await instance.post(path, form)),
    };
  },
};

declare global {
  var clients: Record<string, (api: string) => Client>;
}

globalThis.clients = clients;
