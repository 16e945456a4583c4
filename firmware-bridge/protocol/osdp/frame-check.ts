/** CRC-16/SPI-FUJITSU: polynomial 1021, initial value 1D0F, nothing reflected, no final xor. */
const POLYNOMIAL = 0x1021;
const INITIAL = 0x1d0f;

const TABLE = Uint16Array.from({ length: 256 }, (_, high) => {
  let crc = high << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1) & 0xffff;
  return crc;
});

/** The CRC of the bytes from `from` up to, not including, `to`. */
export function crc16(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = INITIAL;
  for (let at = from; at < to; at += 1)
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ (bytes[at] ?? 0)] ?? 0);
  return crc;
}

/** The byte that makes the sum of the bytes from `from` up to `to` and itself 0 modulo 256. */
export function checksum8(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let sum = 0;
  for (let at = from; at < to; at += 1) sum += bytes[at] ?? 0;
  return -sum & 0xff;
}
