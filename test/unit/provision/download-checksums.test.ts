import { expect } from 'chai'
import { UsageError } from '../../../src/errors.js'
import { findChecksum, parseSha256 } from '../../../src/provision/download-checksums.js'

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]

describe('checksums', () => {
  for (const [what, list] of [
    ['sha256sum', `${b}  other.img\n${a}  disk.img\n`],
    ['sha256sum --binary', `${b} *other.img\n${a} *disk.img\n`],
    ['with folders', `${a}  ./images/disk.img\n${b}  ./images/disk.img.xz\n`],
    ['BSD', `SHA256 (other.img) = ${b}\nSHA256 (disk.img) = ${a}\n`],
    ['openssl', `SHA2-256(other.img)= ${b}\nSHA256(disk.img)= ${a}\n`],
    ['in capitals, with the line ends of Windows', `${a.toUpperCase()}  disk.img\r\n`],
    ['signed, with comments', `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# disk.img: 5 bytes\nSHA256 (disk.img) = ${a}\n-----BEGIN PGP SIGNATURE-----\n\niQ\n`],
    ['twice the same', `${a}  disk.img\n${a}  copy/disk.img\n`],
    ['beside sums of other kinds', `SHA512 (disk.img) = ${b.repeat(2)}\nSHA256 (disk.img) = ${a}\n${'c'.repeat(32)}  disk.img\n`],
    ['alone', `\n${a}\n`],
  ] as const) {
    it(`are found: ${what}`, () => expect(findChecksum(list, 'disk.img')).to.equal(a))
  }

  for (const [what, list, says] of [
    ['for another file', `${a}  disk.img.xz\n`, /none for disk\.img$/],
    ['of another kind', `${a.repeat(2)}  disk.img\n`, /SHA-512 sum for disk\.img, and bay checks SHA-256/],
    ['BSD of another kind', `SHA3-256 (disk.img) = ${a}\n`, /SHA3-256 sum/],
    ['that differ', `${a}  one/disk.img\n${b}  two/disk.img\n`, /2 different ones/],
    ['of a page that is no list', '<html>404</html>', /none for/],
    ['of nothing', '', /none for/],
    ['that are cut short', `${a.slice(1)}  disk.img\nSHA256 (disk.img) = ${a.slice(1)}\n`, /none for/],
  ] as const) {
    it(`are refused: ${what}`, () => expect(() => findChecksum(list, 'disk.img')).to.throw(UsageError, says))
  }

  it('on the command line', () => {
    expect(parseSha256(` ${a.toUpperCase()}\n`)).to.equal(a)
    expect(() => parseSha256(a.repeat(2))).to.throw(UsageError, '--sha256 is a SHA-512 sum')
    for (const wrong of ['', 'x', a.slice(1), `${a}0`, 'g'.repeat(64)]) expect(() => parseSha256(wrong)).to.throw(UsageError, /no SHA-256 sum/)
  })
})
