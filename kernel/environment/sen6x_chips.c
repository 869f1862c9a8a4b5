// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sensirion SEN5x and SEN6x: what tells the members of the family apart.
 *
 * IIO has no type for a gas index nor for a number concentration; the tables
 * here are the only place that knows what stands in for them.
 *
 * Datasheets: SEN5x version 2, March 2022; SEN6x version 0.92, December 2025,
 * which is preliminary. SEN55 and SEN66 have been tried on models of the chips
 * in full; for the others only what the sheets say is known.
 */
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/iio/iio.h>
#include <linux/time64.h>

#include "sen6x.h"

#define SEN6X_STATUS_SPEED	BIT(21)
#define SEN5X_STATUS_CLEANING	BIT(19)
#define SEN6X_STATUS_CO2_1	BIT(12)
#define SEN6X_STATUS_PM		BIT(11)
#define SEN6X_STATUS_HCHO	BIT(10)
#define SEN6X_STATUS_CO2_2	BIT(9)
#define SEN6X_STATUS_GAS	BIT(7)
#define SEN6X_STATUS_RHT	BIT(6)
#define SEN5X_STATUS_LASER	BIT(5)
#define SEN6X_STATUS_FAN	BIT(4)

/* All other bits may read 0 or 1. */
#define SEN5X_FAULTS	(SEN6X_STATUS_SPEED | SEN5X_STATUS_LASER |	\
			 SEN6X_STATUS_FAN)
#define SEN6X_FAULTS	(SEN6X_STATUS_SPEED | SEN6X_STATUS_PM |		\
			 SEN6X_STATUS_RHT | SEN6X_STATUS_FAN)

/* ug/m3, m%, m degC, index points, %, kPa, 1/cm3, m: all as of the ABI. */
const struct sen6x_quantity sen6x_quantities[] = {
	[SEN6X_PM1] = { "pm1", 0xffff, 100000000 },
	[SEN6X_PM2P5] = { "pm2p5", 0xffff, 100000000 },
	[SEN6X_PM4] = { "pm4", 0xffff, 100000000 },
	[SEN6X_PM10] = { "pm10", 0xffff, 100000000 },
	[SEN6X_HUMIDITY] = { "humidity", 0x7fff, 10 * (u64)NSEC_PER_SEC },
	[SEN6X_TEMPERATURE] = { "temperature", 0x7fff, 5 * (u64)NSEC_PER_SEC },
	[SEN6X_VOC_INDEX] = { "voc-index", 0x7fff, 100000000 },
	[SEN6X_NOX_INDEX] = { "nox-index", 0x7fff, 100000000 },
	[SEN6X_HCHO] = { "hcho", 0xffff, 10 },
	[SEN6X_CO2] = { "co2", 0xffff, 100000 },
	[SEN6X_CO2_SIGNED] = { "co2", 0x7fff, 100000 },
	[SEN6X_AMBIENT_PRESSURE] = { "ambient-pressure", 0, 100000000 },
	[SEN6X_NUMBER_PM0P5] = { "number-pm0p5", 0xffff, 100000000 },
	[SEN6X_NUMBER_PM1] = { "number-pm1", 0xffff, 100000000 },
	[SEN6X_NUMBER_PM2P5] = { "number-pm2p5", 0xffff, 100000000 },
	[SEN6X_NUMBER_PM4] = { "number-pm4", 0xffff, 100000000 },
	[SEN6X_NUMBER_PM10] = { "number-pm10", 0xffff, 100000000 },
	[SEN6X_PARTICLE_SIZE] = { "typical-particle-size", 0xffff, 1 },
};

#define SEN6X_VALUE	(BIT(IIO_CHAN_INFO_RAW) | BIT(IIO_CHAN_INFO_SCALE))

#define SEN6X_MASKED(_mask, _type, _quantity, _index, _sign, ...) {	\
	.type = (_type),						\
	.address = (_quantity),						\
	.scan_index = (_index),						\
	.info_mask_separate = (_mask),					\
	.info_mask_shared_by_all = BIT(IIO_CHAN_INFO_SAMP_FREQ),	\
	.scan_type = {							\
		.sign = (_sign),					\
		.realbits = 16,						\
		.storagebits = 16,					\
		.endianness = IIO_CPU,					\
	},								\
	__VA_ARGS__							\
}

#define SEN6X_CHANNEL(...)	SEN6X_MASKED(SEN6X_VALUE, __VA_ARGS__)

#define SEN6X_MODIFIED(_type, _modifier, _quantity, _index)		\
	SEN6X_CHANNEL(_type, _quantity, _index, 'u',			\
		      .modified = 1, .channel2 = (_modifier))

#define SEN6X_INDEXED(_channel, _quantity, _index, _sign, ...)		\
	SEN6X_CHANNEL(IIO_CONCENTRATION, _quantity, _index, _sign,	\
		      .indexed = 1, .channel = (_channel), ##__VA_ARGS__)

#define SEN6X_NUMBERS							\
	SEN6X_INDEXED(3, SEN6X_NUMBER_PM0P5, -1, 'u'),			\
	SEN6X_INDEXED(4, SEN6X_NUMBER_PM1, -1, 'u'),			\
	SEN6X_INDEXED(5, SEN6X_NUMBER_PM2P5, -1, 'u'),			\
	SEN6X_INDEXED(6, SEN6X_NUMBER_PM4, -1, 'u'),			\
	SEN6X_INDEXED(7, SEN6X_NUMBER_PM10, -1, 'u')

#define SEN6X_PARTICLES							\
	SEN6X_MODIFIED(IIO_MASSCONCENTRATION, IIO_MOD_PM1, SEN6X_PM1, 0), \
	SEN6X_MODIFIED(IIO_MASSCONCENTRATION, IIO_MOD_PM2P5, SEN6X_PM2P5, 1), \
	SEN6X_MODIFIED(IIO_MASSCONCENTRATION, IIO_MOD_PM4, SEN6X_PM4, 2), \
	SEN6X_MODIFIED(IIO_MASSCONCENTRATION, IIO_MOD_PM10, SEN6X_PM10, 3), \
	SEN6X_NUMBERS

#define SEN5X_PARTICLES							\
	SEN6X_PARTICLES,						\
	SEN6X_CHANNEL(IIO_DISTANCE, SEN6X_PARTICLE_SIZE, -1, 'u')

#define SEN6X_CLIMATE(_ext_info)					\
	SEN6X_CHANNEL(IIO_HUMIDITYRELATIVE, SEN6X_HUMIDITY, 4, 's'),	\
	SEN6X_MASKED(SEN6X_VALUE | BIT(IIO_CHAN_INFO_CALIBBIAS) |	\
		     BIT(IIO_CHAN_INFO_CALIBSCALE),			\
		     IIO_TEMP, SEN6X_TEMPERATURE, 5, 's',		\
		     .ext_info = (_ext_info))

#define SEN6X_VOC							\
	SEN6X_INDEXED(0, SEN6X_VOC_INDEX, 6, 's',			\
		      .ext_info = sen6x_voc_ext_info)

#define SEN6X_NOX							\
	SEN6X_INDEXED(1, SEN6X_NOX_INDEX, 7, 's',			\
		      .ext_info = sen6x_nox_ext_info)

#define SEN6X_FORMALDEHYDE						\
	SEN6X_INDEXED(2, SEN6X_HCHO, 8, 'u')

/* What the CO2 sensor is told is an output, as with scd4x. */
#define SEN6X_CARBON_DIOXIDE(_quantity, _index, _sign)			\
	SEN6X_CHANNEL(IIO_CONCENTRATION, _quantity, _index, _sign,	\
		      .modified = 1, .channel2 = IIO_MOD_CO2,		\
		      .ext_info = sen6x_co2_ext_info),			\
	SEN6X_CHANNEL(IIO_PRESSURE, SEN6X_AMBIENT_PRESSURE, -1, 'u',	\
		      .output = 1,					\
		      .info_mask_separate_available = BIT(IIO_CHAN_INFO_RAW))

static const struct iio_chan_spec sen50_channels[] = {
	SEN5X_PARTICLES,
	IIO_CHAN_SOFT_TIMESTAMP(8),
};

static const struct iio_chan_spec sen54_channels[] = {
	SEN5X_PARTICLES,
	SEN6X_CLIMATE(sen5x_temp_ext_info),
	SEN6X_VOC,
	IIO_CHAN_SOFT_TIMESTAMP(8),
};

static const struct iio_chan_spec sen55_channels[] = {
	SEN5X_PARTICLES,
	SEN6X_CLIMATE(sen5x_temp_ext_info),
	SEN6X_VOC,
	SEN6X_NOX,
	IIO_CHAN_SOFT_TIMESTAMP(8),
};

static const struct iio_chan_spec sen62_channels[] = {
	SEN6X_PARTICLES,
	SEN6X_CLIMATE(sen6x_temp_ext_info),
	IIO_CHAN_SOFT_TIMESTAMP(6),
};

static const struct iio_chan_spec sen63c_channels[] = {
	SEN6X_PARTICLES,
	SEN6X_CLIMATE(sen6x_temp_ext_info),
	SEN6X_CARBON_DIOXIDE(SEN6X_CO2_SIGNED, 6, 's'),
	IIO_CHAN_SOFT_TIMESTAMP(7),
};

static const struct iio_chan_spec sen65_channels[] = {
	SEN6X_PARTICLES,
	SEN6X_CLIMATE(sen6x_temp_ext_info),
	SEN6X_VOC,
	SEN6X_NOX,
	IIO_CHAN_SOFT_TIMESTAMP(8),
};

static const struct iio_chan_spec sen66_channels[] = {
	SEN6X_PARTICLES,
	SEN6X_CLIMATE(sen6x_temp_ext_info),
	SEN6X_VOC,
	SEN6X_NOX,
	SEN6X_CARBON_DIOXIDE(SEN6X_CO2, 8, 'u'),
	IIO_CHAN_SOFT_TIMESTAMP(9),
};

static const struct iio_chan_spec sen68_channels[] = {
	SEN6X_PARTICLES,
	SEN6X_CLIMATE(sen6x_temp_ext_info),
	SEN6X_VOC,
	SEN6X_NOX,
	SEN6X_FORMALDEHYDE,
	IIO_CHAN_SOFT_TIMESTAMP(9),
};

static const struct iio_chan_spec sen69c_channels[] = {
	SEN6X_PARTICLES,
	SEN6X_CLIMATE(sen6x_temp_ext_info),
	SEN6X_VOC,
	SEN6X_NOX,
	SEN6X_FORMALDEHYDE,
	SEN6X_CARBON_DIOXIDE(SEN6X_CO2_SIGNED, 9, 's'),
	IIO_CHAN_SOFT_TIMESTAMP(10),
};

/* Acceleration can be set at any time, but works from the next start on. */
static const struct sen6x_setting sen5x_settings[SEN6X_SETTINGS] = {
	[SEN6X_SET_TEMP_OFFSET] = { SEN6X_CMD_TEMP_OFFSET, 3, true, true },
	[SEN6X_SET_ACCELERATION] = { SEN5X_CMD_ACCELERATION, 1, true, false },
	[SEN6X_SET_VOC_TUNING] = { SEN6X_CMD_VOC_TUNING, 6, true, false },
	[SEN6X_SET_NOX_TUNING] = { SEN6X_CMD_NOX_TUNING, 6, true, false },
	[SEN6X_SET_INTERVAL] = { SEN5X_CMD_INTERVAL, 2, true, true },
};

static const struct sen6x_setting sen6x_settings[SEN6X_SETTINGS] = {
	[SEN6X_SET_TEMP_OFFSET] = { SEN6X_CMD_TEMP_OFFSET, 4, false, true },
	[SEN6X_SET_ACCELERATION] = { SEN6X_CMD_ACCELERATION, 4, false, false },
	[SEN6X_SET_VOC_TUNING] = { SEN6X_CMD_VOC_TUNING, 6, true, false },
	[SEN6X_SET_NOX_TUNING] = { SEN6X_CMD_NOX_TUNING, 6, true, false },
	[SEN6X_SET_AUTO_CO2] = { SEN6X_CMD_AUTO_CO2, 1, true, false },
	[SEN6X_SET_PRESSURE] = { SEN6X_CMD_PRESSURE, 1, true, true },
	[SEN6X_SET_ALTITUDE] = { SEN6X_CMD_ALTITUDE, 1, true, false },
};

#define SEN6X_HAS_CLIMATE	(BIT(SEN6X_SET_TEMP_OFFSET) |		\
				 BIT(SEN6X_SET_ACCELERATION))
#define SEN6X_HAS_VOC		BIT(SEN6X_SET_VOC_TUNING)
#define SEN6X_HAS_NOX		BIT(SEN6X_SET_NOX_TUNING)
#define SEN6X_HAS_CO2		(BIT(SEN6X_SET_AUTO_CO2) |		\
				 BIT(SEN6X_SET_PRESSURE) |		\
				 BIT(SEN6X_SET_ALTITUDE))

#define SEN5X_FAMILY							\
	.stop_ms = 200,							\
	.read_command = 0x03c4,						\
	.num_values = 8,						\
	.number_command = 0x0413,					\
	.num_numbers = 10,						\
	.first_number = 4,						\
	.settings = sen5x_settings,					\
	.signed_ffff = true,						\
	.clean_running = true,						\
	.cleaning_mask = SEN5X_STATUS_CLEANING,				\
	.iio_info = &sen5x_iio_info

/* The vendor's driver takes 1000 ms for the stop, the sheet has 1400. */
#define SEN6X_FAMILY							\
	.stop_ms = 1400,						\
	.number_command = 0x0316,					\
	.num_numbers = 5,						\
	.settings = sen6x_settings

const struct sen6x_chip_info sen50_chip_info = {
	SEN5X_FAMILY,
	.name = "sen50",
	.product = "SEN50",
	.setting_mask = BIT(SEN6X_SET_INTERVAL),
	.fault_mask = SEN5X_FAULTS,
	.channels = sen50_channels,
	.num_channels = ARRAY_SIZE(sen50_channels),
};

const struct sen6x_chip_info sen54_chip_info = {
	SEN5X_FAMILY,
	.name = "sen54",
	.product = "SEN54",
	.setting_mask = BIT(SEN6X_SET_INTERVAL) | SEN6X_HAS_CLIMATE |
			SEN6X_HAS_VOC,
	.has_voc = true,
	.fault_mask = SEN5X_FAULTS | SEN6X_STATUS_GAS | SEN6X_STATUS_RHT,
	.channels = sen54_channels,
	.num_channels = ARRAY_SIZE(sen54_channels),
};

const struct sen6x_chip_info sen55_chip_info = {
	SEN5X_FAMILY,
	.name = "sen55",
	.product = "SEN55",
	.setting_mask = BIT(SEN6X_SET_INTERVAL) | SEN6X_HAS_CLIMATE |
			SEN6X_HAS_VOC | SEN6X_HAS_NOX,
	.has_voc = true,
	.fault_mask = SEN5X_FAULTS | SEN6X_STATUS_GAS | SEN6X_STATUS_RHT,
	.channels = sen55_channels,
	.num_channels = ARRAY_SIZE(sen55_channels),
};

const struct sen6x_chip_info sen62_chip_info = {
	SEN6X_FAMILY,
	.name = "sen62",
	.product = "SEN62",
	.read_command = 0x04a3,
	.num_values = 6,
	.setting_mask = SEN6X_HAS_CLIMATE,
	.fault_mask = SEN6X_FAULTS,
	.channels = sen62_channels,
	.num_channels = ARRAY_SIZE(sen62_channels),
	.iio_info = &sen6x_iio_info,
};

/* A start within 24 s of a stop makes it report the fault CO2-1. */
const struct sen6x_chip_info sen63c_chip_info = {
	SEN6X_FAMILY,
	.name = "sen63c",
	.product = "SEN63C",
	.rest_ms = 24000,
	.read_command = 0x0471,
	.num_values = 7,
	.setting_mask = SEN6X_HAS_CLIMATE | SEN6X_HAS_CO2,
	.fault_mask = SEN6X_FAULTS | SEN6X_STATUS_CO2_1,
	.channels = sen63c_channels,
	.num_channels = ARRAY_SIZE(sen63c_channels),
	.iio_info = &sen6x_co2_iio_info,
};

const struct sen6x_chip_info sen65_chip_info = {
	SEN6X_FAMILY,
	.name = "sen65",
	.product = "SEN65",
	.read_command = 0x0446,
	.num_values = 8,
	.setting_mask = SEN6X_HAS_CLIMATE | SEN6X_HAS_VOC | SEN6X_HAS_NOX,
	.has_voc = true,
	.fault_mask = SEN6X_FAULTS | SEN6X_STATUS_GAS,
	.channels = sen65_channels,
	.num_channels = ARRAY_SIZE(sen65_channels),
	.iio_info = &sen6x_iio_info,
};

const struct sen6x_chip_info sen66_chip_info = {
	SEN6X_FAMILY,
	.name = "sen66",
	.product = "SEN66",
	.read_command = 0x0300,
	.num_values = 9,
	.setting_mask = SEN6X_HAS_CLIMATE | SEN6X_HAS_VOC | SEN6X_HAS_NOX |
			SEN6X_HAS_CO2,
	.has_voc = true,
	.factory_firmware = 0x0102,
	.fault_mask = SEN6X_FAULTS | SEN6X_STATUS_GAS | SEN6X_STATUS_CO2_2,
	.channels = sen66_channels,
	.num_channels = ARRAY_SIZE(sen66_channels),
	.iio_info = &sen6x_co2_iio_info,
};

const struct sen6x_chip_info sen68_chip_info = {
	SEN6X_FAMILY,
	.name = "sen68",
	.product = "SEN68",
	.read_command = 0x0467,
	.num_values = 9,
	.setting_mask = SEN6X_HAS_CLIMATE | SEN6X_HAS_VOC | SEN6X_HAS_NOX,
	.has_voc = true,
	.fault_mask = SEN6X_FAULTS | SEN6X_STATUS_GAS | SEN6X_STATUS_HCHO,
	.channels = sen68_channels,
	.num_channels = ARRAY_SIZE(sen68_channels),
	.iio_info = &sen6x_iio_info,
};

const struct sen6x_chip_info sen69c_chip_info = {
	SEN6X_FAMILY,
	.name = "sen69c",
	.product = "SEN69C",
	.rest_ms = 24000,
	.read_command = 0x04b5,
	.num_values = 10,
	.setting_mask = SEN6X_HAS_CLIMATE | SEN6X_HAS_VOC | SEN6X_HAS_NOX |
			SEN6X_HAS_CO2,
	.has_voc = true,
	.fault_mask = SEN6X_FAULTS | SEN6X_STATUS_GAS | SEN6X_STATUS_HCHO |
		      SEN6X_STATUS_CO2_1,
	.channels = sen69c_channels,
	.num_channels = ARRAY_SIZE(sen69c_channels),
	.iio_info = &sen6x_co2_iio_info,
};
