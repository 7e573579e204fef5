import type { KernelPaths, LinuxInstaller } from './spec.js'

/** Where the discs of each family have kernel and initrd, the newest first. The media of https://gitlab.com/libosinfo/osinfo-db */
export function kernelPaths(os: LinuxInstaller, arch: 'x86_64' | 'aarch64'): KernelPaths[] {
  switch (os) {
    case 'ubuntu':
      return [
        { kernel: '/casper/vmlinuz', initrd: '/casper/initrd' },
        { kernel: '/casper/hwe-vmlinuz', initrd: '/casper/hwe-initrd' },
      ]
    case 'debian': {
      const folder = arch === 'aarch64' ? '/install.a64' : '/install.amd'
      return [{ kernel: `${folder}/vmlinuz`, initrd: `${folder}/initrd.gz` }]
    }
    case 'fedora':
    case 'rhel':
      return [
        { kernel: '/images/pxeboot/vmlinuz', initrd: '/images/pxeboot/initrd.img' },
        { kernel: '/isolinux/vmlinuz', initrd: '/isolinux/initrd.img' },
      ]
  }
}
