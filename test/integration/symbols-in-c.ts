import type { ParameterKind, ResultKind } from '../../src/virt/raw/types.js'

/** The C types that each kind of result of the symbol table may have. */
export const resultTypes: Record<ResultKind, string[]> = {
  owned: ['char *'],
  borrowed: ['const char *'],
  count: ['int'],
  received: ['int'], piece: ['int'],
  flag: ['int'],
  status: ['int'],
  id: ['unsigned int'],
  void: ['void'],
  conn: ['virConnectPtr'],
  domain: ['virDomainPtr'],
  net: ['virNetworkPtr'],
  pool: ['virStoragePoolPtr'],
  volume: ['virStorageVolPtr'],
  stream: ['virStreamPtr'],
  filter: ['virNWFilterPtr'],
  binding: ['virNWFilterBindingPtr'],
  snapshot: ['virDomainSnapshotPtr'],
  checkpoint: ['virDomainCheckpointPtr'],
  device: ['virNodeDevicePtr'],
  secret: ['virSecretPtr'],
}

const objects = Object.fromEntries(
  (['conn', 'domain', 'net', 'pool', 'volume', 'stream', 'filter', 'binding', 'snapshot', 'checkpoint', 'device', 'secret'] as const)
    .map((kind) => [kind, new RegExp(`^${resultTypes[kind].join()}$`)]),
) as Record<'conn' | 'domain' | 'net' | 'pool' | 'volume' | 'stream' | 'filter' | 'binding' | 'snapshot' | 'checkpoint' | 'device' | 'secret', RegExp>

/** And what the C type of each kind of parameter looks like. */
export const parameterTypes: Record<ParameterKind, RegExp> = {
  ...objects,
  'domain?': objects.domain, 'net?': objects.net, 'pool?': objects.pool,
  'text': /^const char \*$/,
  'text?': /^const char \*$/,
  'int': /^int$/,
  'uint': /^unsigned int$/,
  // Where a long is sent as 64 bits: size_t and long long have as many.
  'ulong': /^(unsigned long long|unsigned long|size_t|long long)$/,
  // An int, a long, a text or a struct that libvirt fills, a pointer that it sets, and the bytes that a stream takes.
  'out': /^((unsigned )?(int|long|long long) \*|(const )?(unsigned )?char \*|vir\w+(Info|Stats)Ptr|vir\w+Ptr \*\*|virTypedParameterPtr \*)$/,
  'out?': /^unsigned long \*$/,
  'address': /^(vir\w+Callback|void \*|virDomainStatsRecordPtr \*|virDomainInterfacePtr|virDomainDiskErrorPtr|virNetworkDHCPLeasePtr|virTypedParameterPtr|const char \*\*)$/,
}

/** libvirt's names for the numbers of src/virt/errors.ts and src/virt/flags.ts. */
export const enumNames: Record<string, Record<string, string>> = {
  failure: {
    noSupport: 'VIR_ERR_NO_SUPPORT', noConnect: 'VIR_ERR_NO_CONNECT', invalidConnection: 'VIR_ERR_INVALID_CONN',
    invalidArgument: 'VIR_ERR_INVALID_ARG', operationFailed: 'VIR_ERR_OPERATION_FAILED', xmlError: 'VIR_ERR_XML_ERROR',
    operationDenied: 'VIR_ERR_OPERATION_DENIED', systemError: 'VIR_ERR_SYSTEM_ERROR', rpc: 'VIR_ERR_RPC',
    noDomain: 'VIR_ERR_NO_DOMAIN', noNetwork: 'VIR_ERR_NO_NETWORK', authFailed: 'VIR_ERR_AUTH_FAILED',
    noPool: 'VIR_ERR_NO_STORAGE_POOL', noVolume: 'VIR_ERR_NO_STORAGE_VOL', noNodeDevice: 'VIR_ERR_NO_NODE_DEVICE',
    operationInvalid: 'VIR_ERR_OPERATION_INVALID', noFilter: 'VIR_ERR_NO_NWFILTER', noSnapshot: 'VIR_ERR_NO_DOMAIN_SNAPSHOT',
    noSecret: 'VIR_ERR_NO_SECRET', argumentUnsupported: 'VIR_ERR_ARGUMENT_UNSUPPORTED', noMetadata: 'VIR_ERR_NO_DOMAIN_METADATA',
    agentUnresponsive: 'VIR_ERR_AGENT_UNRESPONSIVE', resourceBusy: 'VIR_ERR_RESOURCE_BUSY',
    noFilterBinding: 'VIR_ERR_NO_NWFILTER_BINDING', noCheckpoint: 'VIR_ERR_NO_DOMAIN_CHECKPOINT', noBackup: 'VIR_ERR_NO_DOMAIN_BACKUP',
    checkpointInconsistent: 'VIR_ERR_CHECKPOINT_INCONSISTENT',
  },
  validate: { '': 'VIR_DOMAIN_DEFINE_VALIDATE|VIR_NETWORK_DEFINE_VALIDATE|VIR_NWFILTER_DEFINE_VALIDATE|VIR_STORAGE_POOL_DEFINE_VALIDATE|VIR_SECRET_DEFINE_VALIDATE' },
  snapshotXml: { secure: 'VIR_DOMAIN_XML_SECURE' },
  checkpointMetadata: { '': 'VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY' },
  backupBegin: { reuse: 'VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL' },
  completedJob: { '': 'VIR_DOMAIN_JOB_STATS_COMPLETED' },
  start: { paused: 'VIR_DOMAIN_START_PAUSED', validate: 'VIR_DOMAIN_START_VALIDATE' },
  snapshotCreate: {
    redefine: 'VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE', current: 'VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT',
    diskOnly: 'VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY', reuse: 'VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT',
    quiesce: 'VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE', atomic: 'VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC',
  },
  snapshotDelete: { metadataOnly: 'VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY' },
  restore: { running: 'VIR_DOMAIN_SAVE_RUNNING', paused: 'VIR_DOMAIN_SAVE_PAUSED' },
  revert: {
    running: 'VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING', paused: 'VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED', force: 'VIR_DOMAIN_SNAPSHOT_REVERT_FORCE',
  },
  blockCommit: { active: 'VIR_DOMAIN_BLOCK_COMMIT_ACTIVE' },
  blockJobAbort: { pivot: 'VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT' },
  domainXml: { secure: 'VIR_DOMAIN_XML_SECURE', inactive: 'VIR_DOMAIN_XML_INACTIVE' },
  poolOrNetworkXml: { inactive: 'VIR_NETWORK_XML_INACTIVE|VIR_STORAGE_XML_INACTIVE' },
  undefine: {
    managedSave: 'VIR_DOMAIN_UNDEFINE_MANAGED_SAVE', snapshots: 'VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA',
    nvram: 'VIR_DOMAIN_UNDEFINE_NVRAM', keepNvram: 'VIR_DOMAIN_UNDEFINE_KEEP_NVRAM',
    checkpoints: 'VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA', tpm: 'VIR_DOMAIN_UNDEFINE_TPM', keepTpm: 'VIR_DOMAIN_UNDEFINE_KEEP_TPM',
  },
  listDomains: {
    active: 'VIR_CONNECT_LIST_DOMAINS_ACTIVE', transient: 'VIR_CONNECT_LIST_DOMAINS_TRANSIENT',
    managedSave: 'VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE', autostart: 'VIR_CONNECT_LIST_DOMAINS_AUTOSTART',
    hasSnapshot: 'VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT',
  },
  listDevices: {
    pci: 'VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV', usb: 'VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_DEV',
    net: 'VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET', storage: 'VIR_CONNECT_LIST_NODE_DEVICES_CAP_STORAGE',
  },
  watchedEvents: {
    lifecycle: 'VIR_DOMAIN_EVENT_ID_LIFECYCLE', reboot: 'VIR_DOMAIN_EVENT_ID_REBOOT', pmWakeup: 'VIR_DOMAIN_EVENT_ID_PMWAKEUP',
    pmSuspend: 'VIR_DOMAIN_EVENT_ID_PMSUSPEND', pmSuspendDisk: 'VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK',
    deviceRemoved: 'VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED', agentLifecycle: 'VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE',
    deviceRemovalFailed: 'VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED',
  },
  listNetworks: { active: 'VIR_CONNECT_LIST_NETWORKS_ACTIVE' },
  stats: {
    state: 'VIR_DOMAIN_STATS_STATE', cpu: 'VIR_DOMAIN_STATS_CPU_TOTAL', balloon: 'VIR_DOMAIN_STATS_BALLOON',
    vcpu: 'VIR_DOMAIN_STATS_VCPU', interface: 'VIR_DOMAIN_STATS_INTERFACE', block: 'VIR_DOMAIN_STATS_BLOCK',
  },
  addressSource: {
    lease: 'VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE', agent: 'VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT',
    arp: 'VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP',
  },
  nonBlocking: { '': 'VIR_STREAM_NONBLOCK' },
  forceConsole: { '': 'VIR_DOMAIN_CONSOLE_FORCE' },
  blockResize: { bytes: 'VIR_DOMAIN_BLOCK_RESIZE_BYTES' },
  secretUsage: { volume: 'VIR_SECRET_USAGE_TYPE_VOLUME', ceph: 'VIR_SECRET_USAGE_TYPE_CEPH', iscsi: 'VIR_SECRET_USAGE_TYPE_ISCSI' },
  poolBuild: { keep: 'VIR_STORAGE_POOL_BUILD_NO_OVERWRITE', overwrite: 'VIR_STORAGE_POOL_BUILD_OVERWRITE' },
  volumeCreate: { preallocate: 'VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA' },
  volumeResize: { shrink: 'VIR_STORAGE_VOL_RESIZE_SHRINK' },
  volumeWipe: {
    zero: 'VIR_STORAGE_VOL_WIPE_ALG_ZERO', nnsa: 'VIR_STORAGE_VOL_WIPE_ALG_NNSA', dod: 'VIR_STORAGE_VOL_WIPE_ALG_DOD',
    bsi: 'VIR_STORAGE_VOL_WIPE_ALG_BSI', gutmann: 'VIR_STORAGE_VOL_WIPE_ALG_GUTMANN', schneier: 'VIR_STORAGE_VOL_WIPE_ALG_SCHNEIER',
    pfitzner7: 'VIR_STORAGE_VOL_WIPE_ALG_PFITZNER7', pfitzner33: 'VIR_STORAGE_VOL_WIPE_ALG_PFITZNER33', random: 'VIR_STORAGE_VOL_WIPE_ALG_RANDOM',
    trim: 'VIR_STORAGE_VOL_WIPE_ALG_TRIM',
  },
  stopAtHole: { '': 'VIR_STREAM_RECV_STOP_AT_HOLE' },
  sparseStream: { '': 'VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM' },
  networkUpdate: { delete: 'VIR_NETWORK_UPDATE_COMMAND_DELETE', addLast: 'VIR_NETWORK_UPDATE_COMMAND_ADD_LAST' },
  networkSection: {
    dhcpHost: 'VIR_NETWORK_SECTION_IP_DHCP_HOST', dhcpRange: 'VIR_NETWORK_SECTION_IP_DHCP_RANGE', dnsHost: 'VIR_NETWORK_SECTION_DNS_HOST',
  },
  networkAffect: { live: 'VIR_NETWORK_UPDATE_AFFECT_LIVE', config: 'VIR_NETWORK_UPDATE_AFFECT_CONFIG' },
  forceDevice: { '': 'VIR_DOMAIN_DEVICE_MODIFY_FORCE' },
  affect: { live: 'VIR_DOMAIN_AFFECT_LIVE', config: 'VIR_DOMAIN_AFFECT_CONFIG' },
  metadata: { description: 'VIR_DOMAIN_METADATA_DESCRIPTION', title: 'VIR_DOMAIN_METADATA_TITLE', element: 'VIR_DOMAIN_METADATA_ELEMENT' },
}
