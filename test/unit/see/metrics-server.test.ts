import { expect } from 'chai'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { serveMetrics } from '../../../src/metrics-server.js'

/** More than a socket takes that nobody reads. */
const large = 'x'.repeat(32 << 20)

describe('the listener for Prometheus', function () {
  this.timeout(20_000)
  let text: string
  let port: number
  let ending: AbortController
  let served: Promise<unknown>
  const clients: Socket[] = []

  beforeEach(async () => {
    ending = new AbortController()
    const url = await new Promise<string>((listening) => {
      const options = { signal: ending.signal, listening, asking: 1000, reading: 300 }
      served = serveMetrics({ host: '127.0.0.1', port: 0 }, () => Promise.resolve(text), options).catch((error: unknown) => error)
    })
    port = Number(new URL(url).port)
  })
  afterEach(() => {
    ending.abort()
    for (const client of clients.splice(0)) client.destroy()
  })

  /** Somebody who says this, and reads nothing until told. */
  async function client(says: string): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    clients.push(socket)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(says)
    return socket
  }

  const asked = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'
  const answered = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()

  it('answers while others say nothing, half of it, or do not read', async () => {
    text = large
    await Promise.all(['', 'GET /metr', 'GET /metrics HTTP/1.1\r\nHost: x\r\n', asked].map(client))
    text = 'up 1\n'
    expect(await answered()).to.equal('up 1\n')
  })

  it('cuts off who does not ask, and who does not read', async () => {
    text = large
    const [silent, half, deaf] = await Promise.all([client(''), client('GET /metrics HTTP/1.1\r\n'), client(asked)])
    for (const socket of [silent, half]) {
      socket.resume()
      await once(socket, 'close')
    }
    // Its time began before that of the pause, in the same process.
    await pause(600)
    let read = 0
    deaf.on('data', (piece: Buffer) => { read += piece.length })
    await once(deaf, 'close')
    expect(read).to.be.lessThan(large.length)
    text = 'up 1\n'
    expect(await answered()).to.equal('up 1\n')
  })

  it('ends at once, whoever is connected', async () => {
    text = large
    const open = await Promise.all(['', 'GET /metr', asked].map(client))
    const reason = new Error('ended')
    ending.abort(reason)
    expect(await served).to.equal(reason)
    for (const socket of open) {
      socket.resume()
      if (!socket.closed) await once(socket, 'close')
    }
  })
})
