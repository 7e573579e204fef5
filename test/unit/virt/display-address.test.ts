import { expect } from 'chai'
import { displayAddress, type HostPlace, type VmDisplay } from '../../../src/virt/ops/display-address.js'

const here: HostPlace = { uri: 'qemu:///system', hostname: 'nest', local: true }
const away = (uri: string): HostPlace => ({ uri, hostname: 'far', local: false })
const ssh = away('qemu+ssh://root@far.example.com/system')

describe('the address of a display', () => {
  const cases: [what: string, place: HostPlace, graphics: Partial<VmDisplay>, uri: string | null, tunnel: string | null][] = [
    ['VNC on loopback', here, { host: '127.0.0.1', port: 5900 }, 'vnc://127.0.0.1:5900', 'ssh -N -L 5900:127.0.0.1:5900 -- nest'],
    ['VNC on IPv6 loopback', here, { host: '::1', port: 5901 }, 'vnc://[::1]:5901', 'ssh -N -L \'5901:[::1]:5901\' -- nest'],
    ['VNC everywhere', here, { host: '0.0.0.0', port: 5900 }, 'vnc://127.0.0.1:5900', null],
    ['VNC on one address', here, { host: '10.0.0.5', port: 5900 }, 'vnc://10.0.0.5:5900', null],
    ['not listening yet', here, { host: '127.0.0.1' }, null, null],
    ['nowhere', here, { type: 'sdl' }, null, null],
    ['a socket', here, { socket: '/run/a b.sock' }, 'vnc+unix:///run/a%20b.sock', null],
    ['SPICE with TLS', here, { type: 'spice', host: '127.0.0.1', port: 5900, tlsPort: 5901 }, 'spice://127.0.0.1:5900?tls-port=5901',
      'ssh -N -L 5900:127.0.0.1:5900 -L 5901:127.0.0.1:5901 -- nest'],
    ['SPICE with TLS alone', here, { type: 'spice', host: '10.0.0.5', tlsPort: 5901 }, 'spice://10.0.0.5?tls-port=5901', null],
    ['loopback of a host by ssh', ssh, { host: '127.0.0.1', port: 5903 }, 'vnc://127.0.0.1:5903', 'ssh -N -L 5903:127.0.0.1:5903 -- root@far.example.com'],
    ['everywhere on a host by ssh', ssh, { host: '0.0.0.0', port: 5900 }, 'vnc://far.example.com:5900', 'ssh -N -L 5900:127.0.0.1:5900 -- root@far.example.com'],
    ['a socket of a host by ssh', ssh, { socket: '/run/vnc.sock' }, 'vnc://127.0.0.1:5900', 'ssh -N -L 5900:/run/vnc.sock -- root@far.example.com'],
    ['ssh with a port and parameters', away('qemu+ssh://far:2222/system?keyfile=/k'), { host: '127.0.0.1', port: 5900 }, 'vnc://127.0.0.1:5900',
      'ssh -N -L 5900:127.0.0.1:5900 -p 2222 -- far'],
    ['libssh2 and IPv6', away('qemu+libssh2://u@[fd00::1]:22/system'), { host: '::', port: 5900 }, 'vnc://[fd00::1]:5900',
      'ssh -N -L \'5900:[::1]:5900\' -p 22 -- u@fd00::1'],
    ['TLS: the port is not ssh\'s', away('qemu://far:16514/system'), { host: '127.0.0.1', port: 5900 }, 'vnc://127.0.0.1:5900', 'ssh -N -L 5900:127.0.0.1:5900 -- far'],
    ['a hostname that is no word', { ...here, hostname: '$(reboot) \'x' }, { host: '127.0.0.1', port: 5900 }, 'vnc://127.0.0.1:5900',
      'ssh -N -L 5900:127.0.0.1:5900 -- \'$(reboot) \'\\\'\'x\''],
  ]
  for (const [what, place, graphics, uri, tunnel] of cases) {
    it(what, () => {
      const listens = { type: 'vnc', host: null, port: null, tlsPort: null, socket: null, ...graphics }
      expect(displayAddress(listens, place)).to.deep.equal({ ...listens, uri, tunnel })
    })
  }
})
