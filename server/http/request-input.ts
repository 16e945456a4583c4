import type { z } from '@hono/zod-openapi';
import type { visitWishSchema } from '#contract/api-visit';
import { asEpochMs } from '#contract/clock';
import type { VisitWish } from '../procedure/file-request.ts';

/** Reads a wish as the form says it. */
export const wishOf = (wish: z.output<typeof visitWishSchema>): VisitWish => ({
  purpose: wish.purpose,
  description: wish.description,
  doorId: wish.doorId,
  from: asEpochMs(Date.parse(wish.validFrom)),
  until: asEpochMs(Date.parse(wish.validUntil)),
  isSubmitted: wish.submit,
  kind: wish.kind,
  visitorId: wish.visitorId ?? null,
  visitor: wish.visitor ?? null,
  hours: wish.hours,
  isForHolidays: wish.isForHolidays,
  uses: wish.uses ?? null,
  escortIds: [...new Set(wish.escortIds)],
  hostId: wish.hostId ?? null,
  members: wish.members,
  equipment: wish.equipment,
  workOrder: wish.workOrder ?? null,
  changeNumber: wish.changeNumber ?? null,
  risk: wish.risk ?? null,
  decideBy: wish.decideBy === undefined ? null : Date.parse(wish.decideBy),
  extendsId: wish.extendsId ?? null,
  noticeHash: wish.noticeHash ?? null,
});
