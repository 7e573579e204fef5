import { quoted } from '../../shell.js'
import type { LinuxInstall } from './spec.js'

export const firstBootScript = '/usr/local/sbin/bay-first-boot'
export const firstBootService = 'bay-first-boot.service'

/**
 * A script that runs each command in a shell of its own, once, as cloud-init does: one that fails, or that restarts
 * the machine, keeps no other from its only try.
 */
export function firstBoot(commands: readonly string[]): { script: string, unit: string } {
  const runs = commands.map((command, index) => `sh -c ${quoted(command)} || echo "command ${index + 1} failed with exit code $?"`)
  return { script: ['#!/bin/sh', `mv -f ${firstBootScript} ${firstBootScript}.done`, ...runs, ''].join('\n'), unit }
}

const unit = `[Unit]
Description=Commands of the first start
Wants=network-online.target
After=network-online.target
ConditionPathExists=${firstBootScript}

[Service]
Type=oneshot
ExecStart=/bin/sh ${firstBootScript}
StandardOutput=journal+console
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
`

/** Without a password there is none that sudo could ask for. */
export function sudoersLine({ user, passwordHash }: LinuxInstall): string | undefined {
  return passwordHash ? undefined : `${user} ALL=(ALL) NOPASSWD:ALL`
}
