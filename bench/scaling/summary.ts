/**
 * What a run has shown, in sentences that are true for this run.
 *
 * @module
 */

import { FEW_CONNECTIONS } from "../../server/scale/per_connection.ts";
import type { ScaleResult, ScaleStep } from "../../server/scale/result.ts";
import { formatCount, formatFigure } from "./units.ts";

/** The highest port number, which is often taken for the most connections of a server. */
export const HIGHEST_PORT = 65_535;

/** A run with the command line that began it; `--json` writes it as it is. */
export interface ScalingReport extends ScaleResult {
  /** The command line. */
  readonly command: string;
}

/**
 * Finds the step that held most connections.
 *
 * @param result A run.
 * @returns The step; `undefined` if there is none.
 */
export function highestStep({ steps }: ScaleResult): ScaleStep | undefined {
  return steps.reduce<ScaleStep | undefined>(
    (highest, step) => step.connections > (highest?.connections ?? -1) ? step : highest,
    undefined,
  );
}

/**
 * Says what a run has shown.
 *
 * @param result A run, whole or cut short.
 * @returns Paragraphs.
 */
export function summarize(result: ScaleResult): string[] {
  const step = highestStep(result);
  const paragraphs = step === undefined || step.connections === 0
    ? [
      [step === undefined ? "Nothing was measured." : "No connection could be opened."],
      stopSentences(result),
    ]
    : [countSentences(step), costSentences(step), stopSentences(result)];
  return paragraphs.filter((sentences) => sentences.length > 0).map((it) => it.join(" "));
}

function countSentences({ connections, kernelCount }: ScaleStep): string[] {
  const open = `${formatCount(connections, "connection was", "connections were")} open at once`;
  if (kernelCount === undefined) return [`${open}; the kernel’s tables cannot be read here.`];
  const { serverPorts, fourTuples, sourceAddresses, destinationAddresses, sharedPort } =
    kernelCount;
  const sentences = [
    `${open}, and the server had ${formatCount(serverPorts, "port")} for them.`,
    `The kernel counted ${formatCount(fourTuples, "distinct 4-tuple")}, from ${
      formatCount(sourceAddresses, "source address", "source addresses")
    } to ${formatCount(destinationAddresses, "destination address", "destination addresses")}.`,
  ];
  if (fourTuples > HIGHEST_PORT) {
    const more = fourTuples - HIGHEST_PORT;
    sentences.push(
      `Those are ${formatFigure(more)} more than ${
        formatFigure(HIGHEST_PORT)
      }, the highest port number.`,
    );
  }
  if (sharedPort.uses > 1) {
    sentences.push(
      `The source port ${sharedPort.port} was in use ${
        formatFigure(sharedPort.uses)
      } times at once: another part of the 4-tuple differed each time.`,
    );
  }
  return sentences;
}

function costSentences(
  { connections, perConnection, handshakes, latency }: ScaleStep,
): string[] {
  const sentences: string[] = [];
  const { server, serverWithKernel } = perConnection;
  if (server !== undefined) {
    const whole = serverWithKernel === undefined
      ? ""
      : `, ${kibibytes(serverWithKernel)} with the kernel’s share`;
    sentences.push(`A connection took ${kibibytes(server)} of the server’s memory${whole}.`);
    if (connections < FEW_CONNECTIONS) {
      sentences.push("With so few, much of that is code, which is compiled at its first use.");
    }
  }
  if (handshakes.opened > 0) {
    sentences.push(
      `The last of them were opened at ${formatFigure(handshakes.perSecond)} handshakes a second.`,
    );
  }
  if (latency !== undefined) {
    const [half, most] = [latency.p50, latency.p99].map((delay) => formatFigure(delay, 1));
    sentences.push(
      `While they were idle, half of the echoes took ${half} ms or less, 99% ${most} ms or less.`,
    );
  }
  return sentences;
}

function stopSentences({ stop }: ScaleResult): string[] {
  if (stop === undefined) return [];
  return [`It stopped at ${formatCount(stop.connections, "connection")}: ${stop.message}.`];
}

function kibibytes(bytes: number): string {
  return `${formatFigure(bytes / 1024, 1)} KiB`;
}
