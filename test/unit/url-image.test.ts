import { expect } from 'chai'
import { looksLikeImage } from '../../src/virt/ops/image-name.js'
import { urlImageName } from '../../src/virt/ops/url-image.js'

describe('the image of a URL', () => {
  const debian = 'https://cloud.example.org/bookworm/latest/debian-12-generic-amd64.qcow2'

  it('is called as the file, with digits of the whole URL', () => {
    expect(urlImageName(debian)).to.match(/^debian-12-generic-amd64-[0-9a-f]{8}$/)
    expect(urlImageName(debian.replace('bookworm', 'trixie'))).to.not.equal(urlImageName(debian))
    expect(urlImageName(`${debian}?version=2`)).to.not.equal(urlImageName(debian))
  })

  it('is the same whoever asks', () => {
    expect(urlImageName(debian.replace('//', '//me:secret@'))).to.equal(urlImageName(debian))
    expect(urlImageName(`${debian}#top`)).to.equal(urlImageName(debian))
  })

  for (const url of [
    'http://h', 'http://h/', 'http://h/.qcow2', 'http://h/--help', 'http://h/a%2Fb%00.img', 'http://h/ünï code.raw', `http://h/${'x'.repeat(300)}.qcow2`,
    'http://h/a/../..', 'http://[::1]:8080/x?y=/z',
  ]) {
    it(`has a name that an image may have: ${url.slice(0, 30)}`, () => {
      const name = urlImageName(url)
      expect(looksLikeImage(name), name).to.equal(true)
      expect(name.length).to.be.at.most(57)
    })
  }
})
