// How a presentation fills the screen.

const ROOM = 600;
const ROOM_TYPE = 28;
const PHONE_TYPE = 16;
const SEEN_PER_TILE = 1.5;
const CAPTION_PER_TYPE = 3.8;
const TITLE_PER_TYPE = 0.55;
// Full rows look better than slightly larger images.
const WHOLE_ROWS = 1.25;
const FEWEST_SIDE = 40;

// Readable from the back of a room where it is a projector's screen, at arm's length on a phone.
const typeOf = (width, height) =>
  Math.min(width, height) < ROOM ? PHONE_TYPE : Math.max(ROOM_TYPE, Math.round(height / 30));

// The largest images: seen image above or beside, grids beside or below each other. `captions` says
// whether a caption has room below each tile.
function fitted(width, height, titles, tiles) {
  const type = typeOf(width, height);
  const longest = Math.max(...titles.map((title) => title.length));
  const screen = { width, height, grids: titles.length, longest, tiles, type };
  const captioned = largest({ ...screen, captions: true });
  if (captioned.tile >= CAPTION_PER_TYPE * type) return captioned;
  return largest({ ...screen, captions: false });
}

function largest(screen) {
  const { width, height, grids, tiles } = screen;
  const steps = Array.from({ length: 30 }, (_, step) => 0.12 + step / 60);
  let best = { score: -Infinity };
  for (const share of steps) {
    const seen = Math.floor(share * Math.max(width, height));
    for (const above of [true, false]) {
      for (const beside of grids > 1 ? [true, false] : [true]) {
        for (let columns = 1; columns <= tiles; columns += 1) {
          const tile = tileOf(screen, { seen, above, beside, columns });
          const whole = tiles % columns ? 1 : WHOLE_ROWS;
          const score = whole * Math.min(tile, seen / SEEN_PER_TILE) + (tile + seen) / 1000;
          if (score > best.score && seen < 0.6 * Math.min(width, height)) {
            best = { score, seen, above, beside, columns, tile };
          }
        }
      }
    }
  }
  return { ...best, type: screen.type, gap: gapOf(screen), captions: screen.captions };
}

const gapOf = ({ width, height }) => Math.max(8, Math.round(Math.min(width, height) / 80));

// The side of a tile under an arrangement; below 0 where it does not fit.
function tileOf(screen, { seen, above, beside, columns }) {
  const { width, height, grids, longest, tiles, type, captions } = screen;
  const gap = gapOf({ width, height });
  const line = 1.4 * type;
  const acrossAll = width - 4 * gap - (above ? 0 : seen + 3 * gap);
  const downAll = height - 5 * gap - 0.5 * line - (above ? seen + line + gap : 0);
  if (!above && seen + 2 * line > downAll) return -1;
  const [across, down] = beside
    ? [(acrossAll - 3 * gap * (grids - 1)) / grids, downAll]
    : [acrossAll, (downAll - 2 * gap * (grids - 1)) / grids];
  const lines = Math.ceil(tiles / columns);
  const heading = grids > 1 ? (longest * TITLE_PER_TYPE * type > across ? 2 : 1) * line + gap : 0;
  const wide = (across - gap * (columns - 1)) / columns;
  const high = (down - heading - gap * (lines - 1)) / lines - (captions ? line : 0);
  const side = Math.floor(Math.min(wide, high));
  return side < FEWEST_SIDE ? -1 : side;
}
