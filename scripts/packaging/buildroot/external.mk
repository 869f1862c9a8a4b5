include $(sort $(wildcard $(BR2_EXTERNAL_CITYHUB_PATH)/package/*/*.mk))
