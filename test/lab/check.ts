import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface LabProcess {
  pid: number
  /** Its pid inside the host. */
  innerPid: number
  comm: string
}

/** Where host.sh keeps its hosts. */
export function labRoot(): string {
  return process.env['BAY_LAB_DIR'] ?? '/tmp/bay-lab'
}

/**
 * The processes of one host: those that see its folder mounted as /run/libvirt. A zombie sees nothing, so it doesn't count.
 * Given the start of a name that ends in `-`, the processes of all the hosts named so.
 */
export function processesOf(name: string): LabProcess[] {
  const mark = name.endsWith('-') ? `/${name}` : `/${name}/run `
  const found: LabProcess[] = []
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const mounts = read(`/proc/${pid}/mountinfo`).split('\n')
    if (!mounts.some((line) => line.includes(mark) && line.includes(' /run/libvirt '))) continue
    const innerPid = Number(/^NSpid:.*\s(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1])
    found.push({ pid: Number(pid), innerPid, comm: read(`/proc/${pid}/comm`).trim() })
  }
  return found
}

/**
 * What hosts left on this machine: folders, processes (and with them their namespaces), mounts, network namespaces, interfaces.
 * Without a name it looks for all the hosts of this process, since their names hold its pid.
 */
export function leftovers(name = `bay-lab-${process.pid}-`): string[] {
  const ours = (entry: string) => name.endsWith('-') ? entry.startsWith(name) : entry === name
  return [
    ...list(labRoot()).filter(ours).map((entry) => `folder ${join(labRoot(), entry)}`),
    ...processesOf(name).map(({ pid, comm }) => `process ${pid} (${comm})`),
    ...read('/proc/self/mountinfo').split('\n').filter((line) => line.includes(`/${name}`)).map((line) => `mount ${line}`),
    ...list('/run/netns').filter(ours).map((entry) => `network namespace ${entry}`),
    ...list('/sys/class/net').filter((entry) => /^wire\d+$/.test(entry)).map((entry) => `interface ${entry}`),
  ]
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

// A process may end between the listing and the reading.
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
