/**
 * The MAC address of a machine's network interface: QEMU's prefix 52:54:00, then the last three bytes of the machine's
 * UUID, counted up for each further interface. So a list of machines knows their MACs without reading their XML.
 */
export function macOf(uuid: string, index = 0): string {
  const tail = (Number.parseInt(uuid.slice(-6), 16) + index) % 2 ** 24
  return `52:54:00:${tail.toString(16).padStart(6, '0').replace(/(..)(..)(..)/, '$1:$2:$3')}`
}
