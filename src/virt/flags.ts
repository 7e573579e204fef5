/** libvirt's flags, by their meaning; the comment names libvirt's own list. https://libvirt.org/html/libvirt-libvirt-domain.html */

/** virDomainDefineFlags, and the same of networks, filters, pools and secrets: check against the schema */
export const validate = 1

/** virDomainCreateFlags */
export const start = { paused: 1, validate: 16 } as const

/** virDomainCheckpointDeleteFlags */
export const checkpointMetadata = 2

/** virDomainBackupBeginFlags; `reuse` writes into files that are there already */
export const backupBegin = { reuse: 1 } as const

/** virDomainGetJobStatsFlags */
export const completedJob = 1

/** virDomainXMLFlags */
export const domainXml = { secure: 1, inactive: 2 } as const

/** virNetworkXMLFlags, virStorageXMLFlags */
export const poolOrNetworkXml = { inactive: 1 } as const

/** virDomainUndefineFlagsValues */
export const undefine = { managedSave: 1, snapshots: 2, nvram: 4, keepNvram: 8, checkpoints: 16, tpm: 32, keepTpm: 64 } as const

/** virConnectListAllDomainsFlags */
export const listDomains = { active: 1, transient: 8, managedSave: 256, autostart: 1024, hasSnapshot: 4096 } as const

/** virConnectListAllNodeDeviceFlags */
export const listDevices = { pci: 2, usb: 4, net: 16, storage: 256 } as const

/** virDomainEventID: those after which a machine is worth another look */
export const watchedEvents = {
  lifecycle: 0, reboot: 1, pmWakeup: 11, pmSuspend: 12, pmSuspendDisk: 14, deviceRemoved: 15, agentLifecycle: 18,
  deviceRemovalFailed: 22,
} as const

/** virConnectListAllNetworksFlags */
export const listNetworks = { active: 2 } as const

/** virNetworkUpdateCommand */
export const networkUpdate = { delete: 2, addLast: 3 } as const

/** virNetworkUpdateSection */
export const networkSection = { dhcpHost: 4, dhcpRange: 5, dnsHost: 10 } as const

/** virNetworkUpdateFlags */
export const networkAffect = { live: 1, config: 2 } as const

/** virDomainStatsTypes */
export const stats = { state: 1, cpu: 2, balloon: 4, vcpu: 8, interface: 16, block: 32 } as const

/** virDomainInterfaceAddressesSource */
export const addressSource = { lease: 0, agent: 1, arp: 2 } as const

/** virStreamFlags */
export const nonBlocking = 1

/** virDomainConsoleFlags: from whoever has it */
export const forceConsole = 1

/** virDomainBlockResizeFlags */
export const blockResize = { bytes: 1 } as const

/** virSecretUsageType */
export const secretUsage = { volume: 1, ceph: 2, iscsi: 3 } as const

/** virStoragePoolBuildFlags: never, or whatever there is */
export const poolBuild = { keep: 4, overwrite: 8 } as const

/** virStorageVolCreateFlags */
export const volumeCreate = { preallocate: 1 } as const

/** virStorageVolResizeFlags */
export const volumeResize = { shrink: 4 } as const

/** virStorageVolWipeAlgorithm */
export const volumeWipe = {
  zero: 0, nnsa: 1, dod: 2, bsi: 3, gutmann: 4, schneier: 5, pfitzner7: 6, pfitzner33: 7, random: 8, trim: 9,
} as const

/** virStreamRecvFlagsValues */
export const stopAtHole = 1

/** virStorageVolUploadFlags, virStorageVolDownloadFlags */
export const sparseStream = 1

/** virDomainModificationImpact */
export const affect = { live: 1, config: 2 } as const

/** virDomainDeviceModifyFlags: take out a disc that the guest has locked in */
export const forceDevice = 4

/** virDomainMetadataType */
export const metadata = { description: 0, title: 1, element: 2 } as const

/** virDomainSnapshotCreateFlags; `reuse` takes layers that are there already */
export const snapshotCreate = { redefine: 1, current: 2, diskOnly: 16, reuse: 32, quiesce: 64, atomic: 128 } as const

/** virDomainSnapshotDeleteFlags */
export const snapshotDelete = { metadataOnly: 2 } as const

/** virDomainSaveRestoreFlags */
export const restore = { running: 2, paused: 4 } as const

/** virDomainSnapshotRevertFlags */
export const revert = { running: 1, paused: 2, force: 4 } as const

/** virDomainBlockCommitFlags */
export const blockCommit = { active: 4 } as const

/** virDomainBlockJobAbortFlags */
export const blockJobAbort = { pivot: 2 } as const

/** virDomainSnapshotXMLFlags */
export const snapshotXml = { secure: 1 } as const
