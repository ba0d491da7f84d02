import type { Verbs } from "../program/verb.ts";

/** Every command of the program, in the order in which `--help` lists them. */
export const verbs: Verbs = {
  groups: {
    patches: "work on the patch series",
    release: "versions of a release line, and what changed between them",
    cache: "results of finished jobs, kept for later builds",
  },
  defaultVerb: "build",
  emptyVerb: "status",
  verbs: [
    {
      path: ["build"],
      description: "build artifacts into dist/<target> (the default command)",
      load: async () => (await import("./build.ts")).build,
    },
    {
      path: ["build", "diff"],
      description: "say why the artifacts of two builds differ: what they were built from, and which files",
      load: async () => (await import("./build/diff.ts")).buildDiff,
    },
    {
      path: ["init"],
      description: "make a project of your own: patches, pipelines and a workflow to start from",
      load: async () => (await import("./init.ts")).init,
    },
    {
      path: ["status"],
      description: "show what can be built and what was built last (as `kovn-build` alone does in a project)",
      load: async () => (await import("./status.ts")).status,
    },
    {
      path: ["plan"],
      description: "show what a build would run; needs no network and no root",
      load: async () => (await import("./plan.ts")).plan,
    },
    {
      path: ["doctor"],
      description: "check what is missing on this machine and how to fix it",
      load: async () => (await import("./doctor.ts")).doctor,
    },
    {
      path: ["report"],
      description: "make a page of a run: timeline, first errors, series, artifacts",
      load: async () => (await import("./report.ts")).report,
    },
    {
      path: ["explain"],
      description: "say what an error means and what to do: the page of its code",
      load: async () => (await import("./explain.ts")).explain,
    },
    {
      path: ["patches", "list"],
      description: "list the patches of a line in their order, and the Kube-OVN changes that they make",
      load: async () => (await import("./patches/list.ts")).patchesList,
    },
    {
      path: ["patches", "apply"],
      description: "make the patched tree of a source in a new folder, one commit per patch",
      load: async () => (await import("./patches/apply.ts")).patchesApply,
    },
    {
      path: ["patches", "export"],
      description: "write the commits of a patched tree back as the series; unchanged patches stay as they are",
      load: async () => (await import("./patches/export.ts")).patchesExport,
    },
    {
      path: ["patches", "edit"],
      description: "open the patched tree at a patch, then put the later patches on top and write the series",
      load: async () => (await import("./patches/edit.ts")).patchesEdit,
    },
    {
      path: ["patches", "drop"],
      description: "remove patches from a series, if it still applies",
      load: async () => (await import("./patches/drop.ts")).patchesDrop,
    },
    {
      path: ["patches", "move"],
      description: "move a patch to another place in its series, if it still applies",
      load: async () => (await import("./patches/move.ts")).patchesMove,
    },
    {
      path: ["patches", "rename"],
      description: "give a patch another name, in every series that lists it",
      load: async () => (await import("./patches/rename.ts")).patchesRename,
    },
    {
      path: ["patches", "import"],
      description: "take patches of a fork, a folder or a Dockerfile into a series; make its source and line",
      load: async () => (await import("./patches/import.ts")).patchesImport,
    },
    {
      path: ["patches", "rebase"],
      description: "move a source to another commit of its upstream: patches, pin, revision, lock",
      load: async () => (await import("./patches/rebase.ts")).patchesRebase,
    },
    {
      path: ["patches", "diff"],
      description: "show how a line differs between two states: patches, picks, pins, upstream's commits",
      load: async () => (await import("./patches/diff.ts")).patchesDiff,
    },
    {
      path: ["patches", "outdated"],
      description: "say what upstream has that the pins lack: commits, fixes, releases, what it took of ours",
      load: async () => (await import("./patches/outdated.ts")).patchesOutdated,
    },
    {
      path: ["patches", "check"],
      description: "check the series of every line: files, bases, lock, what upstream merged",
      load: async () => (await import("./patches/check.ts")).patchesCheck,
    },
    {
      path: ["patches", "lock"],
      description: "update patches/<line>/lock.json: the series and the commits it makes of each base",
      load: async () => (await import("./patches/lock.ts")).patchesLock,
    },
    {
      path: ["patches", "prove"],
      description: "run built programs and check what they do; needs no root and no kernel datapath",
      load: async () => (await import("./patches/prove.ts")).patchesProve,
    },
    {
      path: ["patches", "suite"],
      description: "run upstream's own tests on the patched tree; resumes an interrupted run",
      load: async () => (await import("./patches/suite.ts")).patchesSuite,
    },
    {
      path: ["verify"],
      description: "look at the bytes of built artifacts, install them and run them",
      load: async () => (await import("./verify.ts")).verify,
    },
    {
      path: ["inspect"],
      description: "say how a package, installer, zip or program on disk was built: line, base, patches, flags",
      load: async () => (await import("./inspect.ts")).inspect,
    },
    {
      path: ["publish"],
      description: "publish built artifacts; checks everything first, and a second run changes nothing",
      load: async () => (await import("./publish.ts")).publish,
    },
    {
      path: ["release", "next"],
      description: "print the line's next version, from the git tags",
      load: async () => (await import("./release/next.ts")).releaseNext,
    },
    {
      path: ["release", "plan"],
      description: "preview tag, assets, notes and destinations of a release; needs no network and no token",
      load: async () => (await import("./release/plan.ts")).releasePlan,
    },
    {
      path: ["release", "notes"],
      description: "print what changed since a release, as Markdown: upstream, patches, checksums",
      load: async () => (await import("./release/notes.ts")).releaseNotes,
    },
    {
      path: ["release", "cut"],
      description: "release the clean work tree: changelog, commit and tag (signed if git is set up to sign)",
      load: async () => (await import("./release/cut.ts")).releaseCut,
    },
    {
      path: ["release", "yank"],
      description: "take published versions out of apt repositories and folders",
      load: async () => (await import("./release/yank.ts")).releaseYank,
    },
    {
      path: ["cache", "list"],
      description: "list cached results and roots, most recently used first",
      load: async () => (await import("./cache/list.ts")).cacheList,
    },
    {
      path: ["cache", "why"],
      description: "say for each job of a build whether its result is cached, and if not, what changed",
      load: async () => (await import("./cache/why.ts")).cacheWhy,
    },
    {
      path: ["cache", "prune"],
      description: "remove the oldest runs and the least recently used results until the rest fits",
      load: async () => (await import("./cache/prune.ts")).cachePrune,
    },
    {
      path: ["cache", "path"],
      description: "print the cache's folder",
      load: async () => (await import("./cache/path.ts")).cachePath,
    },
    {
      path: ["completion"],
      description: "print the completion of command lines for bash, zsh or fish",
      load: async () => (await import("./completion.ts")).completion,
    },
  ],
};
