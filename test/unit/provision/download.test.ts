import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { BayError, UsageError } from '../../../src/errors.js'
import { download, downloadText, parseUrl, type DownloadOptions } from '../../../src/provision/download.js'
import { shownUrl } from '../../../src/provision/download-request.js'
import { FileServer, type Behaviour } from '../../lab/file-server.js'

const MiB = 2 ** 20
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('download', () => {
  let server: FileServer
  let folder: string
  let path: string
  const content = randomBytes(3 * MiB + 77)
  const get = (url: string, more: Partial<DownloadOptions> = {}) =>
    download(parseUrl(url), path, { checked: false, backoff: 1, idle: 2000, ...more })
  const serve = (behaviour: Partial<Behaviour> = {}) => {
    const file: Behaviour = { content, ...behaviour }
    return { file, url: server.at('/disk.img', file) }
  }
  const whole = async (done: Promise<{ sha256: string, length: number }>, expected: Uint8Array = content) => {
    expect(await done).to.deep.equal({ sha256: sum(expected), length: expected.length })
    expect(readFileSync(path).equals(expected)).to.equal(true)
  }
  const failure = async (work: Promise<unknown>): Promise<BayError> => work.then(() => { throw new Error('nothing was thrown') }, (error: unknown) => {
    if (error instanceof BayError) return error
    throw error
  })

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bay-download-'))
    path = join(folder, 'x.part')
    server = await FileServer.start()
  })
  afterEach(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  it('fetches, hashes and says how far it is', async () => {
    const seen: [number, number | null][] = []
    await whole(get(serve().url, { progress: (...each) => seen.push(each) }))
    expect(seen.at(-1)).to.deep.equal([content.length, content.length])
    expect(statSync(path).mode & 0o777).to.equal(0o600)
    expect(server.requests).to.have.length(1)
  })

  it('goes on after each cut, where it stopped', async () => {
    const told: string[] = []
    await whole(get(serve({ cutAfter: MiB }).url, { retrying: (why) => told.push(why) }))
    // What was under way when the connection broke may be lost.
    expect(server.served).to.be.within(content.length, content.length + MiB / 2)
    expect(server.requests.map(({ range }) => /^bytes=\d+-$/.test(range ?? ''))).to.deep.equal([false, true, true, true])
    expect(told[0]).to.match(/^http:\/\/127\.0\.0\.1:\d+\/disk\.img: the server cut the connection; trying again in 1 s$/)
  })

  it('goes on where another run stopped', async () => {
    const { file, url } = serve({ stallAfter: 2 * MiB })
    const controller = new AbortController()
    const stopped = get(url, {
      signal: controller.signal, progress: (done) => { if (done === 2 * MiB) controller.abort(new BayError('interrupted', 'stop')) },
    })
    expect(await failure(stopped)).to.include({ code: 'interrupted' })
    delete file.stallAfter
    await whole(get(url))
    expect(server.served).to.equal(content.length)
    expect(server.requests.at(-1)?.range).to.equal(`bytes=${2 * MiB}-`)
  })

  it('asks for one byte of a file that is there already, to know that it still is the same', async () => {
    const { url } = serve()
    await get(url)
    await whole(get(url))
    expect(server.served).to.equal(content.length + 1)
  })

  for (const [what, change] of [
    ['an ETag', {}], ['a server that heeds no If-Range', { ignoresIfRange: true }], ['a server that heeds no Range', { ignoresRange: true }],
  ] as const) {
    it(`begins anew when the file has changed: ${what}`, async () => {
      const { file, url } = serve({ cutAfter: MiB })
      const other = randomBytes(content.length)
      const done = get(url, { retrying: () => Object.assign(file, { content: other, etag: '"two"', cutAfter: undefined }, change) })
      await whole(done, other)
    })
  }

  it('begins anew when what is there is longer than the file', async () => {
    const { file, url } = serve()
    await get(url)
    file.content = content.subarray(0, MiB)
    file.ignoresIfRange = true
    await whole(get(url), file.content)
  })

  for (const [what, behaviour] of [
    ['without an ETag', { etag: null }], ['with a weak ETag', { etag: 'W/"one"' }], ['without a length', { chunked: true }],
  ] as const) {
    it(`a cut ${what}: from the beginning, for nobody knows whether it is the same file`, async () => {
      const { file, url } = serve({ ...behaviour, cutAfter: MiB })
      await whole(get(url, { retrying: () => { delete file.cutAfter } }))
      expect(server.requests.map(({ range }) => range)).to.deep.equal([undefined, undefined])
    })
  }

  it('a date serves where there is no ETag', async () => {
    const date = 'Wed, 01 Jan 2025 00:00:00 GMT'
    const { file, url } = serve({ etag: null, cutAfter: MiB, headers: { 'last-modified': date } })
    await whole(get(url, { retrying: () => Object.assign(file, { cutAfter: undefined, ignoresIfRange: true }) }))
    expect(server.served).to.be.within(content.length, content.length + MiB / 2)
  })

  it('a server that goes on cutting is given up, and what was fetched stays', async () => {
    const error = await failure(get(serve({ ignoresRange: true, cutAfter: MiB }).url))
    expect(error).to.include({ code: 'failed', retryable: true })
    expect(error.message).to.match(/disk\.img: the server cut the connection$/)
    expect(server.requests).to.have.length.within(6, 7)
    expect(statSync(path).size).to.be.within(MiB / 2, MiB)
  })

  it('a server that says more than it has', async () => {
    const error = await failure(get(serve({ length: content.length + 1000 }).url, { idle: 100 }))
    expect(error).to.include({ code: 'failed', retryable: true })
  })

  it('a server that sends nothing any more', async () => {
    const error = await failure(get(serve({ stallAfter: 1000 }).url, { idle: 50 }))
    expect(error.message).to.match(/the server has sent nothing for 0\.05 s$/)
    expect(error.retryable).to.equal(true)
  })

  it('a server that never answers', async () => {
    const url = server.at('/never', () => undefined)
    expect((await failure(get(url, { idle: 50 }))).message).to.match(/sent nothing/)
  })

  it('slow is not stalled', async () => {
    await whole(get(serve({ slow: 10 }).url, { idle: 400 }))
  })

  it('a server that is busy for a while', async () => {
    const { file, url } = serve({ status: 503, headers: { 'retry-after': '0' } })
    await whole(get(url, { retrying: () => Object.assign(file, { status: undefined, headers: {} }) }))
  })

  for (const [status, says, requests] of [[404, /answers 404 Not Found$/, 1], [403, /answers 403 Forbidden$/, 1], [500, /answers 500 Internal Server Error$/, 6]] as const) {
    it(`${status} fails after ${requests}`, async () => {
      const error = await failure(get(serve({ status }).url))
      expect(error).to.include({ code: 'failed', retryable: status === 500 })
      expect(error.message).to.match(says)
      expect(server.requests).to.have.length(requests)
    })
  }

  it('an empty file', async () => {
    expect((await failure(get(serve({ content: Buffer.alloc(0) }).url))).message).to.match(/sends nothing/)
  })

  it('what comes packed although it was asked not to', async () => {
    expect((await failure(get(serve({ headers: { 'content-encoding': 'gzip' } }).url))).message).to.match(/packs what it sends \(gzip\)/)
  })

  it('nobody listens: no use in trying again', async () => {
    await server[Symbol.asyncDispose]()
    const error = await failure(get(`${server.base}/x`, { backoff: 10_000 }))
    expect(error.message).to.match(/the server does not listen there$/)
    server = await FileServer.start()
  })

  it('a file larger than the disk is refused before it is fetched', async () => {
    const error = await failure(get(serve({ length: 2 ** 52 }).url))
    expect(error.message).to.match(/not enough room in .*: 4P are needed/)
    expect(error.hints[0]).to.match(/XDG_CACHE_HOME/)
    expect(statSync(path).size).to.equal(0)
    expect(existsSync(`${path}.json`)).to.equal(false)
  })

  it('a link in the place of the file is not followed', async () => {
    writeFileSync(join(folder, 'theirs'), 'theirs')
    symlinkSync(join(folder, 'theirs'), path)
    expect((await failure(get(serve().url))).message).to.match(/cannot be kept/)
    expect(readFileSync(join(folder, 'theirs'), 'utf8')).to.equal('theirs')
  })

  it('what somebody wrote beside it is not believed', async () => {
    const { url } = serve()
    for (const text of ['', '[]', 'null', '{"validator":5,"total":"x"}', '{"validator":"\\"one\\"","total":1e300}']) {
      writeFileSync(path, 'rubbish')
      writeFileSync(`${path}.json`, text)
      await whole(get(url))
    }
  })

  it('looks at the first bytes, and stops when they are wrong', async () => {
    const inspect = () => {
      expect(statSync(path).size).to.be.within(64 * 1024, MiB)
      return Promise.reject(new UsageError('no image'))
    }
    expect(await failure(get(serve({ slow: 1 }).url, { inspect }))).to.include({ code: 'usage', message: 'no image' })
    expect(server.served).to.be.below(content.length)
  })

  it('is interrupted while it waits to try again', async () => {
    const controller = new AbortController()
    const error = await failure(get(serve({ status: 500 }).url, {
      backoff: 60_000, signal: controller.signal, retrying: () => setTimeout(() => controller.abort(new BayError('interrupted', 'stop')), 10),
    }))
    expect(error.code).to.equal('interrupted')
  })

  describe('redirects', () => {
    it('are followed', async () => {
      serve()
      server.redirect('/b', '../disk.img', 307)
      await whole(get(server.redirect('/a', '/b', 301)))
    })

    for (const [what, to] of [['in a circle', '/a'], ['to a file', 'file:///etc/passwd'], ['to nowhere', ''], ['to nonsense', 'http://[']] as const) {
      it(`${what} are not`, async () => {
        expect((await failure(get(server.redirect('/a', to)))).message).to.match(/redirects (more than 10 times|to where bay cannot follow)$/)
        expect(server.requests.length).to.be.within(1, 11)
      })
    }

    it('the password goes to the server that it is for, and to no other', async () => {
      await using other = await FileServer.start()
      other.at('/disk.img', { content })
      server.redirect('/there', '/here')
      const url = server.redirect('/here', `${other.base}/disk.img`)
      const secret = parseUrl(url.replace('http://', 'http://u%40x:p%3Aw@').replace('/here', '/there?token=t'))
      expect(shownUrl(secret)).to.equal(`${server.base}/there`)
      await whole(get(secret.href))
      const basic = `Basic ${Buffer.from('u@x:p:w').toString('base64')}`
      expect(server.requests.map(({ authorization }) => authorization)).to.deep.equal([basic, basic])
      expect(other.requests.map(({ authorization }) => authorization)).to.deep.equal([undefined])
    })
  })

  it('no failure says the password or the query', async () => {
    for (const status of [404, 500]) {
      const url = serve({ status }).url.replace('http://', 'http://me:hush@')
      const error = await failure(get(`${url}?token=hush`))
      expect(`${error.message}${error.hints.join()}`).to.contain('/disk.img').and.not.contain('hush').and.not.contain('me:')
    }
    for (const text of ['ftp://me:hush@host/x', 'http://', 'http://me:hush@[', 'x']) expect(() => parseUrl(text)).to.throw(UsageError).with.property('message').that.does.not.contain('hush')
  })

  it('texts, up to a mebibyte', async () => {
    const { file, url } = serve({ content: Buffer.from('a  b\n') })
    expect(await downloadText(parseUrl(url), {})).to.equal('a  b\n')
    file.content = content
    expect((await failure(downloadText(parseUrl(url), {}))).message).to.match(/too long/)
  })
})
