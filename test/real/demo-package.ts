import { pipelineYaml } from "../helpers/project.ts";

/** Makes a Debian package of what the root has, as fakeroot's root, and says what a job can see and do. */
const script = `
mkdir debian
printf 'demo (1.2-3) unstable; urgency=low\\n\\n  * One.\\n\\n -- A <a@example.com>  Wed, 01 Jan 2025 00:00:00 +0000\\n' > debian/changelog
printf 'Source: demo\\nMaintainer: A <a@example.com>\\nRules-Requires-Root: binary-targets\\nBuild-Depends: debhelper-compat (= 13)\\n\\nPackage: demo\\nArchitecture: any\\nDepends: \${shlibs:Depends}\\nDescription: d\\n' > debian/control
printf '#!/usr/bin/make -f\\n%%:\\n\\tdh $@\\n' > debian/rules
printf 'demo usr/bin\\nlink usr/bin\\n' > debian/install
ln -s demo link
printf 'int main(void) { return 0; }\\n' > demo.c
printf 'all:\\n\\t$(CC) $(CFLAGS) $(LDFLAGS) -o demo demo.c\\n' > Makefile
chmod +x debian/rules
mkdir -p ../out
{
  . /etc/os-release && echo "release: $VERSION_ID"
  echo "interfaces: $(grep -c : /proc/net/dev)"
  touch /usr/written 2>/dev/null || echo "root: read-only"
  echo "home: $(ls -A /home | wc -l)"
  echo "user: $(id -un)"
} > ../out/seen.txt
`;

/** A pipeline that makes a package in a root, and `seen.txt`. */
export const demoPackage = pipelineYaml(script, "*").replace(
  "    artifacts:",
  "      - uses: deb\n        with: { packages: [demo] }\n    artifacts:",
);
