/** Whether a host lives and dies with this process, by its connection's URI: libvirt's test driver, so the embedded host too. */
export function isInProcess(uri: string): boolean {
  return uri.startsWith('test:///')
}
