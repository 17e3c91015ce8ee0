/**
 * This platform as the packages with addons are named after it, such as linux-x64 and linuxmusl-x64: on Linux an addon
 * is built for one of two C libraries.
 */
export function platformName(): string {
  const { platform, arch } = process;
  return `${platform}${platform === 'linux' && hasMusl() ? 'musl' : ''}-${arch}`;
}

/** Node reports a version of glibc where it runs on it. */
function hasMusl(): boolean {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header !== undefined && header.glibcVersionRuntime === undefined;
}

/** The packages that may hold an addon for this platform; installers choose between the C libraries. */
export function platformPackages(): string[] {
  const { platform, arch } = process;
  const systems = platform === 'linux' ? ['linux', 'linuxmusl'] : [platform];
  return systems.map((system) => `@bilevel/${system}-${arch}`);
}
