import type { Mediator, MediatorOptions } from "./types.js";
export declare function createMediator(options: MediatorOptions): Mediator;
