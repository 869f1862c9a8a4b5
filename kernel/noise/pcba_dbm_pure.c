// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCBA-DBM: the level table and the arithmetic of the history. No device is
 * needed for any of it, so the tests build this file as it is.
 */
#include <linux/array_size.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "pcba_dbm.h"

/* 20 uPa * 10^(dB / 20) for 0 to 140 dB, rounded to the micropascal. */
static const u32 pcba_dbm_upa[] = {
	20, 22, 25, 28, 32, 36, 40, 45, 50, 56, 63, 71, 80, 89, 100, 112, 126,
	142, 159, 178, 200, 224, 252, 283, 317, 356, 399, 448, 502, 564, 632,
	710, 796, 893, 1002, 1125, 1262, 1416, 1589, 1783, 2000, 2244, 2518,
	2825, 3170, 3557, 3991, 4477, 5024, 5637, 6325, 7096, 7962, 8934,
	10024, 11247, 12619, 14159, 15887, 17825, 20000, 22440, 25179, 28251,
	31698, 35566, 39905, 44774, 50238, 56368, 63246, 70963, 79621, 89337,
	100237, 112468, 126191, 141589, 158866, 178250, 200000, 224404,
	251785, 282508, 316979, 355656, 399052, 447744, 502377, 563677,
	632456, 709627, 796214, 893367, 1002374, 1124683, 1261915, 1415892,
	1588656, 1782502, 2000000, 2244037, 2517851, 2825075, 3169786,
	3556559, 3990525, 4477442, 5023773, 5636766, 6324555, 7096268,
	7962143, 8933672, 10023745, 11246827, 12619147, 14158916, 15886565,
	17825019, 20000000, 22440369, 25178508, 28250751, 31697864, 35565588,
	39905246, 44774423, 50237729, 56367659, 63245553, 70962678, 79621434,
	89336718, 100237447, 112468265, 126191469, 141589157, 158865647,
	178250188, 200000000,
};

/* Sound pressure of a level, 0 when the chip cannot mean it. */
u32 pcba_dbm_pressure_upa(u8 level_db)
{
	if (!level_db || level_db >= ARRAY_SIZE(pcba_dbm_upa))
		return 0;

	return pcba_dbm_upa[level_db];
}

/*
 * Levels a threshold lies between: a level is above @pressure_upa when it is
 * more than the one returned, and below it when it is less than the one
 * returned for @up.
 */
u8 pcba_dbm_level_db(u32 pressure_upa, bool up)
{
	u8 db = 0;

	while (db < ARRAY_SIZE(pcba_dbm_upa) - 1 &&
	       pcba_dbm_upa[db + 1] <= pressure_upa)
		db++;

	return up && pcba_dbm_upa[db] < pressure_upa ? db + 1 : db;
}

/*
 * Entries in the first @len places of the history. A hole would be an error
 * of the chip; what lies beyond it is still there.
 */
u32 pcba_dbm_entries(const u8 *history, u32 len)
{
	while (len && !history[len - 1])
		len--;

	return len;
}

/*
 * Samples taken @elapsed_ns after the instant of one, at least: what an
 * observation must account for. The slack is for the error of the prediction.
 */
u32 pcba_dbm_samples_since(s64 elapsed_ns, s64 period_ns)
{
	s64 slack = div_s64(period_ns, 8);

	if (elapsed_ns <= slack)
		return 0;

	return min_t(u64, div64_u64(elapsed_ns - slack + period_ns - 1,
				    period_ns), U32_MAX);
}
