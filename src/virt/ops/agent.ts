import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readDomain } from '../../xml/domain-description.js'
import type { Domain } from '../domain.js'
import { failure, VirtError } from '../errors.js'

/** VIR_ERR_AGENT_COMMAND_TIMEOUT, which libvirt 9.0 does not have: there it is `agentUnresponsive` too. */
const commandTimeout = 112

/** libvirt passes an answer of 4 MiB at most; what is longer did not come from there. */
const longestAnswer = 8 * 2 ** 20

/**
 * Asks a guest's agent one command and gives what it returned, for the caller to check: every part of it is the guest's word.
 * https://qemu.readthedocs.io/en/latest/interop/qemu-ga-ref.html
 * @param seconds how long the answer may take, after up to 5 s in which the agent must show that it listens
 * @throws BayError `wrong-state` when the machine is not running, or has no agent that is connected; `timeout` when the agent does
 * not answer; `failed` when it refuses
 */
export async function askAgent(domain: Domain, command: string, args: Record<string, unknown>, seconds: number): Promise<unknown> {
  const request = JSON.stringify({ execute: command, arguments: args })
  try {
    return answerOf(await domain.agentCommand(request, seconds))
  } catch (error) {
    throw error instanceof VirtError ? inWords(error, domain, command) : error
  }
}

/** @throws BayError `wrong-state` when nobody in the guest would answer, as far as libvirt knows */
export function mustHaveAgent(domain: Domain): void {
  const name = domain.name()
  const { state } = domain.state()
  if (state !== 'running') throw notRunning(name, state)
  const { present, connected } = readDomain(domain.xml()).agentChannel
  if (!present) throw withoutChannel(name)
  if (connected !== true) throw notConnected(name)
}

/** What an answer should be and is not. */
export function strange(what: string): BayError {
  return new BayError('failed', `the guest's agent gave no proper answer: ${what}`)
}

/** What an agent's answer holds. @throws BayError `failed` for what is none */
export function answerOf(answer: string): unknown {
  if (answer.length > longestAnswer) throw strange('it is too long')
  const parsed = parse(answer)
  if (typeof parsed !== 'object' || parsed === null || !('return' in parsed)) throw strange('it has no result')
  return parsed.return
}

function parse(answer: string): unknown {
  try {
    return JSON.parse(answer)
  } catch {
    throw strange('it is no JSON')
  }
}

/** libvirt tells what is wrong with its number only in part, and in its daemon's language; its state tells the rest. */
function inWords(error: VirtError, domain: Domain, command: string): BayError {
  const refusal = agentsOwn.exec(error.message)?.[1]
  if (refusal !== undefined) return refused(refusal, command, error)
  if (error.is(failure.argumentUnsupported)) return withoutChannel(domain.name())
  if (error.is(failure.agentUnresponsive, failure.operationInvalid, commandTimeout)) {
    mustHaveAgent(domain)
    return unresponsive(error, domain.name())
  }
  return error
}

const agentsOwn = /unable to execute QEMU agent command '[^']*': (?:Guest agent command failed, error was '(?=.*'$))?(.*?)'?$/s

function refused(said: string, command: string, cause: VirtError): BayError {
  if (/has been disabled|is not allowed/.test(said)) {
    return new BayError('failed', `the guest's agent has ${command} switched off`, {
      cause, hints: [
        `in the guest: take ${command} out of block-rpcs (older: blacklist) in /etc/qemu/qemu-ga.conf; on Fedora and RHEL out of `
        + 'FILTER_RPC_ARGS (older: BLACKLIST_RPC) in /etc/sysconfig/qemu-ga',
        'then, in the guest: systemctl restart qemu-guest-agent',
      ],
    })
  }
  if (/has not been found/.test(said)) return new BayError('failed', `the guest's agent is too old: it has no ${command}`, { cause })
  return new BayError('failed', `the guest's agent refused ${command}: ${said}`, { cause })
}

function notRunning(name: string, state: string): BayError {
  const hint = state === 'paused' ? sh`bay vm resume ${name}` : sh`bay vm start ${name}`
  return new BayError('wrong-state', `${name} is ${state}, so no agent answers in it`, { hints: [hint] })
}

function withoutChannel(name: string): BayError {
  return new BayError('wrong-state', `${name} has no channel for a guest agent`, {
    hints: [sh`machines that bay makes have one; see bay vm xml ${name}: <channel> with the target org.qemu.guest_agent.0`],
  })
}

function notConnected(name: string): BayError {
  return new BayError('wrong-state', `no guest agent is connected in ${name}`, {
    hints: [sh`if it still boots: bay vm wait --for agent ${name}`, 'if it has none, in the guest: install and start qemu-guest-agent'],
  })
}

function unresponsive(cause: VirtError, name: string): BayError {
  return new BayError('timeout', `the guest agent in ${name} does not answer: ${cause.message}`, {
    cause, hints: ['if it stays so, in the guest: systemctl restart qemu-guest-agent'],
  })
}
