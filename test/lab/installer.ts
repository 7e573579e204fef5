import { appendFile, chmod, copyFile, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tinyGuest } from './guest.js'
import { run } from './script.js'

/**
 * A "vendor's disc" whose installer is the tiny guest with another init, at the places of Debian and of Ubuntu. It looks at
 * what it was told, writes that onto its disk, and turns the machine off: at once, or for the host name `slow` and for Ubuntu,
 * whose disc of answers the tiny guest has no driver for, when the power button is pressed. For `broken` it writes nothing,
 * for `again` it restarts the machine.
 */
const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
while read -r m; do insmod /mod/$m; done < /mod/order
host=slow; by=autoinstall
if [ -f /preseed.cfg ]; then
  host=$(sed -n 's/^d-i netcfg.get_hostname string //p' /preseed.cfg)
  by="preseed for $(sed -n 's/^d-i passwd.username string //p' /preseed.cfg)"
fi
[ "$host" = broken ] && poweroff -f
dd if=/dev/urandom of=/dev/vda bs=1M count=3 2>/dev/null
(echo "INSTALLED by $by with $(cat /proc/cmdline)"; echo END) | dd of=/dev/vda conv=notrunc 2>/dev/null
sync
[ "$host" = again ] && reboot -f
[ "$host" = slow ] || poweroff -f
echo INSTALLER-WAITS > /dev/ttyS0
for e in /dev/input/event*; do (dd if=$e of=/dev/null bs=24 count=1 2>/dev/null; poweroff -f) & done
while :; do sleep 60; done
`

/** Writes the disc into a folder, and gives its path. */
export async function installerDisc(folder: string): Promise<string> {
  const { kernel, initrd } = await tinyGuest()
  const [own, disc, iso] = [join(folder, 'own'), join(folder, 'disc'), join(folder, 'installer.iso')]
  await mkdir(own)
  await writeFile(join(own, 'init'), init)
  await chmod(join(own, 'init'), 0o755)
  const whole = join(folder, 'initrd')
  await copyFile(initrd, whole)
  // What comes later wins; an archive that is not compressed begins at a multiple of 4.
  await truncate(whole, Math.ceil((await stat(whole)).size / 4) * 4)
  await appendFile(whole, await archive(own))
  for (const [place, name] of [['install.amd', 'initrd.gz'], ['casper', 'initrd']] as const) {
    await mkdir(join(disc, place), { recursive: true })
    await copyFile(kernel, join(disc, place, 'vmlinuz'))
    await copyFile(whole, join(disc, place, name))
  }
  await does('xorrisofs', '-quiet', '-rock', '-output', iso, disc)
  return iso
}

async function archive(folder: string): Promise<Buffer> {
  const path = `${folder}.cpio`
  await does('sh', '-c', 'cd "$1" && echo init | cpio -o -H newc --quiet > "$2"', 'sh', folder, path)
  return readFile(path)
}

async function does(program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await run(program, args)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
}
