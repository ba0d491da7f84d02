/**
 * True in the nightly workflow (`KOVN_NIGHTLY=1`): long tests run whole. Elsewhere they run a sample
 * that proves the same.
 */
export const isNightly = process.env["KOVN_NIGHTLY"] === "1";
