const MiB = 2 ** 20

/**
 * What a machine may be given, whoever says it: bytes and numbers. What libvirt is sent is bounded, for absurd numbers end the
 * daemon itself.
 */
export const machineLimits = {
  vcpus: { min: 1, max: 512 },
  /** more than any host has */
  memory: { min: MiB, max: 64 * 2 ** 40, step: MiB, range: 'between 1M and 64T' },
  /** qcow2's own limit, with its usual clusters of 64 KiB */
  disk: { min: 512, max: 2 ** 51, step: 512, range: 'at most 2P' },
} as const

export const diskFormats = ['qcow2', 'raw'] as const
export const diskBuses = ['virtio', 'sata', 'scsi', 'usb', 'ide'] as const
