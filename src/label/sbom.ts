import { z } from "zod";
import { parseLabel, type Label } from "./label.ts";
import { pedigree } from "./pedigree.ts";
import { upstream } from "./purl.ts";

/** The name of the SBOM in packages and archives. */
export const sbomName = "sbom.cdx.json";

/** The property of the SBOM that has the whole label. */
const property = "kovn:label";

/** What an SBOM describes. */
export interface Described {
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
}

/**
 * Makes the SBOM that a package or an archive has in it, as CycloneDX 1.6: what it is, and the source
 * that it was built from with its upstream, picks and patches. Without time and serial number, which
 * the format does not demand, the same build gives the same bytes.
 */
export function makeOwnSbom({ name, version, purl }: Described, label: Label): string {
  const source = `source:${label.source}`;
  const bom = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": "this",
        ...(label.by === undefined ? {} : { publisher: label.by }),
        name,
        version,
        ...(purl === undefined ? {} : { purl }),
        properties: [{ name: property, value: JSON.stringify(label) }],
      },
    },
    components: [
      {
        type: "application",
        "bom-ref": source,
        name: label.source,
        version: `${label.version}+kovn${label.revision}`,
        ...(label.license === undefined ? {} : { licenses: [{ expression: label.license }] }),
        purl: upstream(label).purl,
        pedigree: pedigree(label.line, label),
      },
    ],
    dependencies: [{ ref: source }, { ref: "this", dependsOn: [source] }],
  };
  return `${JSON.stringify(bom, undefined, 2)}\n`;
}

const bomSchema = z.object({
  metadata: z.object({ component: z.object({ properties: z.array(z.object({ name: z.string(), value: z.string() })) }) }),
});

/** Reads the label in an SBOM; undefined for one that has none. */
export function readSbomLabel(text: string): Label | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const properties = bomSchema.safeParse(value).data?.metadata.component.properties ?? [];
  const found = properties.find(({ name }) => name === property)?.value;
  return found === undefined ? undefined : parseLabel(found);
}
