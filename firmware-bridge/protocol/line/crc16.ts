/**
 * CRC-16/IBM-3740 (polynomial 1021, initial FFFF, not reflected, no final xor; check value of "123456789" is
 * 29B1). avr-libc has it as `_crc_xmodem_update` started at FFFF.
 * @see https://reveng.sourceforge.io/crc-catalogue/16.htm
 */
export function crc16(text: string): number {
  let crc = 0xffff;
  for (let index = 0; index < text.length; index += 1) {
    crc ^= (text.charCodeAt(index) & 0xff) << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
