/**
 * The reconnecting WebSocket with its types.
 *
 * @module
 */

// @ts-types="./reconnecting.d.ts"
export * from "./reconnecting.js";
