/** What a user can say of the source of a pool; each is a flag. */
export type PoolField
  = 'path' | 'sourceHost' | 'sourceDir' | 'sourceDevice' | 'sourceName' | 'initiator' | 'format' | 'authUser' | 'authSecret'

interface PoolType {
  needs: readonly PoolField[]
  allows?: readonly PoolField[]
  /** of which it may have more than one */
  several?: readonly PoolField[]
  /** where its volumes appear, when nothing is said */
  path?: (sourceName: string) => string
  formats?: readonly string[]
  /** what --build makes on devices that are blank */
  builds?: string
  /** whether that may also be made where something is */
  overwrites?: boolean
  /** whether its devices are block devices of the host, which nothing else may use */
  onDevices?: true
  /** how the host shows the server who it is */
  auth?: 'chap' | 'ceph'
}

const chap = { auth: 'chap', allows: ['authUser', 'authSecret'] } as const

/** The types that can be made here, and what each takes: https://libvirt.org/storage.html */
export const poolTypeTable: Readonly<Record<string, PoolType>> = {
  'dir': { needs: ['path'] },
  'fs': {
    needs: ['path', 'sourceDevice'], allows: ['format'], builds: 'a file system', overwrites: true, onDevices: true,
    formats: ['auto', 'ext2', 'ext3', 'ext4', 'xfs', 'vfat', 'udf', 'iso9660', 'ufs', 'gfs', 'gfs2', 'hfs+', 'ocfs2', 'vmfs'],
  },
  'netfs': { needs: ['path', 'sourceHost', 'sourceDir'], allows: ['format'], formats: ['auto', 'nfs', 'glusterfs', 'cifs'] },
  'logical': {
    needs: ['sourceName'], allows: ['path', 'sourceDevice', 'format'], several: ['sourceDevice'], path: (name) => `/dev/${name}`, formats: ['lvm2'],
    builds: 'a volume group', overwrites: true, onDevices: true,
  },
  'disk': {
    needs: ['sourceDevice'], allows: ['path', 'format'], path: () => '/dev', builds: 'a partition table', overwrites: true, onDevices: true,
    formats: ['gpt', 'dos', 'dvh', 'mac', 'bsd', 'pc98', 'sun', 'lvm2'],
  },
  'iscsi': { ...chap, needs: ['sourceHost', 'sourceDevice'], allows: ['path', 'initiator', ...chap.allows], path: () => '/dev/disk/by-path' },
  'iscsi-direct': { ...chap, needs: ['sourceHost', 'sourceDevice', 'initiator'] },
  'zfs': { needs: ['sourceName'], allows: ['sourceDevice'], several: ['sourceDevice'], builds: 'a ZFS pool', onDevices: true },
  'rbd': { needs: ['sourceHost', 'sourceName'], several: ['sourceHost'], auth: 'ceph', allows: ['authUser', 'authSecret'] },
  'gluster': { needs: ['sourceHost', 'sourceName'], allows: ['sourceDir'] },
}

export const poolTypes = Object.keys(poolTypeTable)

/** The flag of each field, what it says, and an example. */
export const poolFields: Readonly<Record<PoolField, { flag: string, says: string, example: string }>> = {
  path: { flag: '--path', says: 'where its volumes are on the host', example: '/srv/vms' },
  sourceHost: { flag: '--source-host', says: 'the server that has the storage', example: 'nas.example.org' },
  sourceDir: { flag: '--source-dir', says: 'the folder on the server', example: '/export/vms' },
  sourceDevice: { flag: '--source-device', says: 'what the storage is on', example: '/dev/sdb' },
  sourceName: { flag: '--source-name', says: 'the name of the storage where it is', example: 'vg0' },
  initiator: { flag: '--initiator', says: 'the name that the host has for the server', example: 'iqn.2024-01.org.example:client' },
  format: { flag: '--format', says: 'the format of the source', example: 'ext4' },
  authUser: { flag: '--auth-user', says: 'who the host is for the server', example: 'bay' },
  authSecret: { flag: '--auth-secret', says: 'which of libvirt\'s secrets has the password', example: 'san-password' },
}
