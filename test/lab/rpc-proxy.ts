import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { FrameReader, headerOf, isAnswered, isAnswerTo, isRequest, type RpcHeader } from './rpc-frames.js'

/** At which request something goes wrong, counted from 1 over all connections since it was armed. */
export interface Fault {
  at: number
  /** before it reaches the daemon; while the daemon is at it; or once it has been answered, which the client never hears */
  when: 'before' | 'during' | 'after'
  /** whether the request still goes to the daemon: one that is stopped does it when it runs again */
  passes: boolean
  /** what goes wrong, beside the loss of the connection */
  strike: () => void
  /** whether the proxy ends the connection */
  cuts: boolean
}

/** A socket between a client and a libvirt daemon, which understands enough of what passes to fail at a chosen request. */
export class RpcProxy implements AsyncDisposable {
  readonly path: string
  readonly #target: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #fault: Fault | undefined
  #requests = 0
  #struck = false

  private constructor(path: string, target: string) {
    this.path = path
    this.#target = target
    this.#server = createServer((client) => this.#connect(client))
  }

  static async listen(path: string, target: string): Promise<RpcProxy> {
    const proxy = new RpcProxy(path, target)
    await new Promise<void>((resolve) => proxy.#server.listen(path, resolve))
    return proxy
  }

  /** Counts anew, and fails so; undefined lets all pass. */
  arm(fault: Fault | undefined): void {
    this.#fault = fault
    this.#requests = 0
    this.#struck = false
  }

  /** Requests since it was armed. */
  get requests(): number { return this.#requests }
  /** Whether the fault's request has come. */
  get struck(): boolean { return this.#struck }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
    rmSync(this.path, { force: true })
  }

  #connect(client: Socket): void {
    const daemon = connect(this.#target)
    const end = () => { for (const socket of [client, daemon]) socket.destroy() }
    for (const socket of [client, daemon]) {
      this.#sockets.add(socket)
      socket.on('error', end).on('close', end).on('close', () => this.#sockets.delete(socket))
    }
    const [asked, answered] = [new FrameReader(), new FrameReader()]
    let withheld: { request: RpcHeader, fault: Fault } | undefined
    client.on('data', (piece: Buffer) => {
      for (const frame of asked.read(piece)) {
        const request = headerOf(frame)
        const fault = this.#faultAt(request)
        if (fault === undefined) daemon.write(frame)
        else if (fault.when === 'after' && isAnswered(request)) {
          withheld = { request, fault }
          daemon.write(frame)
        } else void fail(frame, fault)
      }
    })
    daemon.on('data', (piece: Buffer) => {
      for (const frame of answered.read(piece)) {
        if (withheld === undefined || !isAnswerTo(withheld.request, headerOf(frame))) client.write(frame)
        else strike(withheld.fault)
      }
    })

    async function fail(frame: Buffer, fault: Fault): Promise<void> {
      if (fault.when !== 'before') {
        daemon.write(frame)
        // Less than most requests take, and more than it takes to be read.
        await pause(1)
      }
      strike(fault)
      if (fault.when === 'before' && fault.passes) daemon.write(frame)
    }

    function strike(fault: Fault): void {
      fault.strike()
      if (fault.cuts) end()
    }
  }

  #faultAt(request: RpcHeader): Fault | undefined {
    if (!isRequest(request)) return undefined
    this.#requests += 1
    if (this.#requests !== this.#fault?.at) return undefined
    this.#struck = true
    return this.#fault
  }
}
