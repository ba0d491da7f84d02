/** Files that packages of ours leave after purge, which does not fail `verify`. */
export interface KnownLeft {
  readonly path: RegExp;
  /** Why they stay. */
  readonly why: string;
}

/** What upstream's packages leave, on every line; each is listed as a warning. */
export const knownLeft: readonly KnownLeft[] = [
  {
    path: /^\/(etc\/ovn|var\/lib\/(openvswitch|ovn))(\/\.?(conf|ovn[ns]b_db|ovn_ic_[ns]b_db)\.db(\.~lock~)?)?$/,
    why: "upstream's packages keep the databases",
  },
  {
    path: /^\/var\/lib\/openvswitch\/pki(\/(controllerca|switchca)(\/.*)?)?$/,
    why: "upstream's openvswitch-pki keeps the certificate authorities that it made",
  },
  { path: /^\/var\/log\/(openvswitch|ovn)(\/[^/]+\.log)?$/, why: "upstream's packages keep logs" },
  { path: /^\/usr\/lib\/ocf(\/resource\.d)?$/, why: "upstream's ovn-common makes folders for Pacemaker" },
];
